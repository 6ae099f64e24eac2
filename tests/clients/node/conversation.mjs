// What the drivers share: calls come in on stdin and answers go out on stdout, one JSON line each.
import { createInterface } from 'node:readline';

export async function converse(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { operation, orderId, query, restricted, body } = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(await answer(operation, orderId, query, restricted, body))}\n`);
  }
}

export function refusal(status, { code, message, details }) {
  return { refusal: { status, code, message, details: details ?? null } };
}
