// Receive events of an executor on http://127.0.0.1:9000, verify their signatures, and print each event once.
// The environment variable WEBHOOK_SECRET contains the secret of the subscription, whsec_…; PORT chooses another port.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

if (!process.env.WEBHOOK_SECRET) {
	console.error('WEBHOOK_SECRET is missing. Set it to the secret of the subscription, whsec_…');
	process.exit(1);
}
const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64');
const maxAge = 300; // seconds; an older message may be a copy that someone else sends again
const seen = new Set(); // a real receiver keeps the IDs of the last two days in its database

/** Return whether the executor has signed this body, a short time ago. */
function isGenuine(headers, body) {
	const timestamp = headers['webhook-timestamp'] ?? '';
	if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > maxAge) return false;
	const signed = createHmac('sha256', key)
		.update(`${headers['webhook-id'] ?? ''}.${timestamp}.`)
		.update(body)
		.digest('base64');
	const expected = Buffer.from(`v1,${signed}`);
	return (headers['webhook-signature'] ?? '').split(' ').some((text) => {
		const given = Buffer.from(text);
		return given.length === expected.length && timingSafeEqual(given, expected);
	});
}

const server = createServer(async (request, response) => {
	const chunks = [];
	for await (const chunk of request) chunks.push(chunk);
	const body = Buffer.concat(chunks);
	if (!isGenuine(request.headers, body)) {
		response.writeHead(401).end();
		return;
	}
	const messageId = request.headers['webhook-id'];
	if (!seen.has(messageId)) console.log(JSON.stringify(JSON.parse(body)));
	seen.add(messageId); // after the work is done: if it fails, the event comes again
	response.writeHead(204).end();
});
server.listen(Number(process.env.PORT ?? 9000), '127.0.0.1');
