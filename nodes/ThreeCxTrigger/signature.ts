/** Checks the signature of a delivery, as Standard Webhooks defines it. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds by which the clocks of executor and n8n may differ; older deliveries may be repeated by an attacker. */
export const TOLERANCE = 300;

/** The problem of a delivery to a trigger without a secret. */
export const UNSUBSCRIBED = 'This trigger has no subscription';

const PREFIX = 'whsec_';
const VERSION = 'v1,';

export interface SignedDelivery {
	id: string;
	/** Seconds since 1970, as text. */
	timestamp: string;
	/** Signatures, separated by blanks. */
	signature: string;
	body: Uint8Array;
}

/** Return why a delivery is not accepted, or undefined where its signature is valid; `now` is in milliseconds. */
export function findSignatureProblem(delivery: SignedDelivery, secret: unknown, now: number): string | undefined {
	if (typeof secret !== 'string' || !secret.startsWith(PREFIX)) return UNSUBSCRIBED;
	const { id, timestamp, signature } = delivery;
	if (!id || !timestamp || !signature) return 'The delivery is not signed';
	if (!/^\d{1,12}$/.test(timestamp)) return 'The timestamp of the delivery is not valid';
	const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
	const hash = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(delivery.body);
	const expected = hash.digest();
	const isSigned = signature.split(' ').some((each) => each.startsWith(VERSION) && isEqual(each, expected));
	if (!isSigned) return 'The signature of the delivery is not valid';
	const difference = Math.round(now / 1000 - Number(timestamp));
	if (Math.abs(difference) <= TOLERANCE) return undefined;
	return `The clocks of executor and n8n differ by ${Math.abs(difference)} seconds; ${TOLERANCE} are allowed`;
}

function isEqual(signature: string, expected: Uint8Array): boolean {
	const given = Buffer.from(signature.slice(VERSION.length), 'base64');
	return given.length === expected.length && timingSafeEqual(given, expected);
}
