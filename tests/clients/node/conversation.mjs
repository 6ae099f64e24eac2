// What the drivers share: calls come in on stdin and answers go out on stdout, one JSON line each.
import { createInterface } from 'node:readline';

export async function answerLines(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}

export const converse = (answer) =>
  answerLines(({ operation, orderId, query, restricted, body }) => answer(operation, orderId, query, restricted, body));

export function refusal(status, { code, message, details }) {
  return { refusal: { status, code, message, details: details ?? null } };
}
