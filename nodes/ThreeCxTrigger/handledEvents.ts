/**
 * Remembers which events have started the workflow, so that a repeated delivery starts it no second time.
 *
 * The executor repeats a delivery whose response it did not receive. n8n loads the workflow's static data for each call,
 * and stores it after it has created the execution: an event is recorded only once its execution exists, so that an n8n
 * that ends in between loses none. But two calls at the same time would overwrite each other's static data. Therefore
 * the trigger asks the executor for one delivery at a time, and calls that arrive together in one process take turns.
 */
import { createHash } from 'node:crypto';

import type { IDataObject, IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

/**
 * Events that one trigger remembers. An executor that is killed repeats the deliveries whose results it has not recorded,
 * which are at most 2,000 where its disk is full.
 */
const REMEMBERED = 2_500;
/** Characters of a hash, which are 66 bits. */
const HASH_LENGTH = 11;

/** Events of each trigger of this process; a later call in this process need not rely on static data. */
const remembered = new Map<string, Set<string>>();
/** Triggers of this process with calls, and when the last of these calls ends. */
const turns = new Map<string, Promise<void>>();

/** Triggers of this process whose test has had its event. */
const testedTriggers = new Set<string>();

/** A response of n8n: ended, or its connection lost. */
export interface EndingResponse {
	statusCode: number;
	once(event: 'finish' | 'close', listener: () => void): unknown;
}

/** Return a key for the trigger of a node; its test has one of its own. */
export function getTriggerKey(context: IHookFunctions | IWebhookFunctions): string {
	const kind = context.getMode() === 'manual' ? 'test' : 'production';
	return `${context.getWorkflow().id ?? ''}/${context.getNode().id}/${kind}`;
}

/** Wait until all earlier calls of the same trigger have been answered; this call then has its turn until it is. */
export async function takeTurn(trigger: string, response: EndingResponse): Promise<void> {
	const ended = new Promise<void>((resolve) => {
		response.once('finish', resolve);
		response.once('close', resolve);
	});
	const before = turns.get(trigger);
	const mine = (async () => {
		await before;
		await ended;
	})();
	turns.set(trigger, mine);
	void mine.then(() => {
		if (turns.get(trigger) === mine) turns.delete(trigger);
	});
	await before;
}

/**
 * Return whether an event is new to the trigger, and record it in the static data, which n8n stores with the execution.
 *
 * An event whose execution n8n cannot create is forgotten again.
 */
export function recordEvent(trigger: string, staticData: IDataObject, eventId: string, response: EndingResponse): boolean {
	const hash = createHash('sha256').update(eventId).digest('base64url').slice(0, HASH_LENGTH);
	const known = remembered.get(trigger) ?? new Set<string>();
	remembered.set(trigger, known);
	const stored = readHashes(staticData.handled);
	if (known.has(hash) || stored.includes(hash)) return false;
	known.add(hash);
	// A list of another process may have events that this one has not seen, and the other way round.
	const all = [...new Set([...stored, ...known])].filter((each) => each !== hash);
	staticData.handled = [...all, hash].slice(-REMEMBERED).join('');
	for (const each of known) {
		if (known.size <= REMEMBERED) break;
		known.delete(each);
	}
	response.once('finish', () => {
		if (response.statusCode >= 400) known.delete(hash);
	});
	return true;
}

/** Return the hashes in static data: one text, since n8n writes all static data for each event. */
function readHashes(handled: unknown): string[] {
	return typeof handled === 'string' ? (handled.match(new RegExp(`.{${HASH_LENGTH}}`, 'g')) ?? []) : [];
}

/** Return whether this is the first event of a test; n8n runs a test once, and events may arrive until it has ended. */
export function isFirstOfTest(trigger: string): boolean {
	if (testedTriggers.has(trigger)) return false;
	testedTriggers.add(trigger);
	return true;
}

/** Begin a test of a trigger. */
export function listenAgain(trigger: string): void {
	testedTriggers.delete(trigger);
}
