// Drives Amazon Pay's own Node SDK, with its configuration in $CONFIG. Lines are {"operation", "arguments"}: a method of
// the SDK and what it is called with, or "download" and a URL.
import { Buffer } from 'node:buffer';
import https from 'node:https';
import { WebStoreClient } from '@amazonpay/amazon-pay-api-sdk-nodejs';
import { answerLines } from './conversation.mjs';

const client = new WebStoreClient(JSON.parse(process.env.CONFIG));

// As the SDK's users do: a plain GET, to which nothing of Amazon Pay is added.
const download = (url) =>
  new Promise((resolve, reject) => {
    const request = https.get(url, async (response) => {
      const pieces = [];
      for await (const piece of response) pieces.push(piece);
      resolve({
        status: response.statusCode,
        headers: response.headers,
        content: Buffer.concat(pieces).toString('base64'),
      });
    });
    request.on('error', reject);
  });

const told = ({ status, headers, data }) => ({ status, headers: { ...headers }, body: data });

await answerLines(async ({ operation, arguments: given }) => {
  try {
    return operation === 'download' ? await download(...given) : told(await client[operation](...given));
  } catch (error) {
    if (error.response !== undefined) return told(error.response);
    if (error.code === undefined) throw error;
    return { failure: error.code };
  }
});
