// Asks for a report of refunds with Amazon Pay's own Node SDK, waits for it, prints it, and sets up a daily one.
//
// Run it beside a server with a TLS port and the demo. The first argument is the data directory (default: torihiki-data):
//   npm install --no-save @amazonpay/amazon-pay-api-sdk-nodejs
//   NODE_EXTRA_CA_CERTS=torihiki-data/ca.pem node docs/examples/pay_reports.mjs
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { WebStoreClient } from '@amazonpay/amazon-pay-api-sdk-nodejs';

const SETTLEMENTS = '_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_';
const REFUNDS = '_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_';

const stop = (line) => {
  console.error(line);
  process.exit(1);
};

const data = process.argv[2] ?? 'torihiki-data';
const torihiki = process.env.TORIHIKI ?? '.venv/bin/torihiki';
const shown = spawnSync(torihiki, ['credentials', '--data', data, '--json'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (shown.error) stop(`${torihiki} cannot be run: ${shown.error.message}`);
if (shown.status !== 0) process.exit(1); // torihiki has said why
const credentials = JSON.parse(shown.stdout);
const pay = credentials.sellers[0]?.pay;
if (!pay) stop('The server has no merchant of the demo: start it with --demo.');
if (!credentials.endpoint_tls) stop('The SDK speaks https only: start the server with --tls-port 8943.');

const client = new WebStoreClient({
  publicKeyId: pay.live.public_key_id,
  privateKey: pay.live.private_key_pem,
  region: pay.region,
  algorithm: 'AMZN-PAY-RSASSA-PSS-V2',
  overrideServiceUrl: new URL(credentials.endpoint_tls).host,
});
// Who repeats a POST after a broken connection sends the same key: then there is one report, not two.
const newKey = () => ({ 'x-amz-pay-idempotency-key': randomBytes(16).toString('hex') });

// With overrideServiceUrl the SDK stops looking at certificates, in the whole process; this looks all the same.
const download = (url) =>
  new Promise((resolve, reject) => {
    const request = https.get(url, { rejectUnauthorized: true }, async (response) => {
      const pieces = [];
      for await (const piece of response) pieces.push(piece);
      const text = Buffer.concat(pieces).toString();
      if (response.statusCode === 200) resolve(text);
      else reject(new Error(`the document's URL answers ${response.statusCode}: ${text}`));
    });
    request.on('error', reject);
  });

const listed = await client.getReports({ reportTypes: [SETTLEMENTS], pageSize: 1 });
const [newest] = listed.data.reports;
if (!newest) stop(`${pay.merchant_id} has no settlement report yet.`);

const { startTime, endTime } = newest;
const made = await client.createReport({ reportType: REFUNDS, startTime, endTime }, newKey());
let report;
do {
  await pause(1000);
  report = (await client.getReportById(made.data.reportId)).data;
} while (report.processingStatus === 'IN_PROGRESS');
if (report.processingStatus !== 'COMPLETED') stop(`The report is ${report.processingStatus}: it has no document.`);

const document = await client.getReportDocument(report.reportDocumentId);
const [header, ...rows] = (await download(document.data.url)).trimEnd().split('\n');
console.log(`${rows.length} rows of refunds of ${pay.merchant_id}, from ${startTime} to ${endTime}:`);
for (const row of [header, ...rows]) console.log(`  ${row}`);

const tomorrow = new Date(Date.now() + 24 * 3600 * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
const scheduled = await client.createReportSchedule(
  { reportType: REFUNDS, scheduleFrequency: 'P1D', nextReportCreationTime: tomorrow, deleteExistingSchedule: true },
  newKey(),
);
const schedule = (await client.getReportScheduleById(scheduled.data.reportScheduleId)).data;
console.log(`schedule ${schedule.reportScheduleId}: every ${schedule.scheduleFrequency} from ${schedule.nextReportCreationTime}`);
