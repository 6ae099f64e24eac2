// Drives Amazon's own JavaScript SDK. It takes an endpoint, but its token URL is built in: redirect.cjs leads it here.
import { OrdersSpApi } from '@amazon-sp-api-release/amazon-sp-api-sdk-js';
import { converse, refusal } from './conversation.mjs';

const login = [process.env.CLIENT_ID, process.env.CLIENT_SECRET, process.env.REFRESH_TOKEN];
const api = new OrdersSpApi.ApiClient(process.env.ENDPOINT);
api.enableAutoRetrievalAccessToken(...login, null);
const orders = new OrdersSpApi.OrdersV0Api(api);
const shipments = new OrdersSpApi.ShipmentApi(api);

// It fetches a restricted data token for the path of every call.
function restrictedOrders({ dataElements }) {
  const restricted = new OrdersSpApi.ApiClient(process.env.ENDPOINT);
  restricted.enableAutoRetrievalRestrictedDataToken(...login, dataElements.length === 0 ? null : dataElements);
  return new OrdersSpApi.OrdersV0Api(restricted);
}

// The SDK's spelling: MaxResultsPerPage is maxResultsPerPage, IsISPU is isISPU.
const camel = (name) => name[0].toLowerCase() + name.slice(1);

await converse(async (operation, orderId, query, restricted, body) => {
  if (operation === 'renew') {
    api.clearAccessTokenCache();
    return { payload: null };
  }
  const { MarketplaceIds, ...others } = query;
  const options = Object.fromEntries(Object.entries(others).map(([name, value]) => [camel(name), value]));
  try {
    if (body !== null) {
      const called = operation === 'updateShipmentStatus' ? shipments : orders;
      await called[operation](orderId, body);
      return { payload: null };
    }
    const first = orderId === null ? MarketplaceIds : orderId;
    const called = restricted === null ? orders : restrictedOrders(restricted);
    const response = await called[operation](first, options);
    return { payload: response.payload };
  } catch (error) {
    if (error.response?.body?.errors === undefined) throw error;
    return refusal(error.status, error.response.body.errors[0]);
  }
});
