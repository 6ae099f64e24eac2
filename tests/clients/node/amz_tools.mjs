// Drives amazon-sp-api. Its hosts are built in: redirect.cjs leads them here.
import { SellingPartner } from 'amazon-sp-api';
import { converse, refusal } from './conversation.mjs';

const connect = (waitsWhenThrottled) =>
  new SellingPartner({
    region: 'na',
    refresh_token: process.env.REFRESH_TOKEN,
    credentials: {
      SELLING_PARTNER_APP_CLIENT_ID: process.env.CLIENT_ID,
      SELLING_PARTNER_APP_CLIENT_SECRET: process.env.CLIENT_SECRET,
    },
    options: { auto_request_throttled: waitsWhenThrottled },
  });

let client = connect(false);

async function mint({ path, dataElements }) {
  const resource = { method: 'GET', path, ...(dataElements.length === 0 ? {} : { dataElements }) };
  const minted = await client.callAPI({
    operation: 'createRestrictedDataToken',
    endpoint: 'tokens',
    body: { restrictedResources: [resource] },
  });
  return minted.restrictedDataToken;
}

await converse(async (operation, orderId, query, restricted, body) => {
  if (operation === 'waitWhenThrottled') {
    client = connect(true);
    return { payload: null };
  }
  try {
    const payload = await client.callAPI({
      operation,
      endpoint: 'orders',
      query,
      ...(orderId === null ? {} : { path: { orderId } }),
      ...(body === null ? {} : { body }),
      ...(restricted === null ? {} : { restricted_data_token: await mint(restricted) }),
    });
    // It makes an object of its own of an answer without a body.
    return { payload: body === null ? payload : null };
  } catch (error) {
    return refusal(null, error);
  }
});
