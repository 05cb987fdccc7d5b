/** The result of each item of a run, and a summary of all of them. */
import { NOT_ATTEMPTED, type ExecutorResult } from './transport/contract';

/** The executor's result, or why there is none: the item was not sent, or no response says what happened to it. */
export type ItemResult = ExecutorResult | 'not_attempted' | 'unknown';

/** Return whether this item itself failed; an item that was not attempted did not. */
export function isFailed(result: ItemResult): result is ExecutorResult {
	return typeof result === 'object' && result.error !== undefined && result.error.code !== NOT_ATTEMPTED;
}

/** Return whether the executor left this item out because another one failed. */
export function isLeftOut(result: ItemResult): boolean {
	return typeof result === 'object' && result.error?.code === NOT_ATTEMPTED;
}

/** Return the items by what became of them: `Done: items 0-2; not tried: items 4-9`. */
export function summarizeResults(results: ItemResult[]): string {
	const groups = { done: [], failed: [], unknown: [], not_attempted: [] } as Record<ItemStatus, number[]>;
	results.forEach((result, index) => groups[getStatus(result)].push(index));
	const summary = (Object.keys(groups) as ItemStatus[])
		.filter((status) => groups[status].length > 0)
		.map((status) => `${STATUS_TEXTS[status]}: ${formatItems(groups[status])}`)
		.join('; ');
	return summary.charAt(0).toUpperCase() + summary.slice(1);
}

type ItemStatus = 'done' | 'failed' | 'unknown' | 'not_attempted';

const STATUS_TEXTS: Record<ItemStatus, string> = {
	done: 'done',
	failed: 'failed',
	unknown: 'unknown whether it was carried out',
	not_attempted: 'not tried',
};

function getStatus(result: ItemResult): ItemStatus {
	if (typeof result === 'string') return result;
	if (result.error === undefined) return 'done';
	if (result.error.outcome === 'unknown') return 'unknown';
	return isFailed(result) ? 'failed' : 'not_attempted';
}

/** Return indexes as a short text: `[0, 1, 2, 5]` → `items 0-2, 5`. */
export function formatItems(indexes: number[]): string {
	const ranges: Array<[number, number]> = [];
	for (const index of indexes) {
		const last = ranges.at(-1);
		if (last && last[1] + 1 === index) last[1] = index;
		else ranges.push([index, index]);
	}
	const texts = ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
	return `${indexes.length === 1 ? 'item' : 'items'} ${texts.join(', ')}`;
}

/** Items that an error names, each with this many characters. */
const NAMED_ITEMS = 20;
const LONGEST_ITEM = 200;

/** Describe several items that cannot be sent, so that none was; undefined where something was sent or one item failed. */
export function describeUnsentItems(results: ItemResult[]): { message: string; description: string } | undefined {
	const failed = results.flatMap((result, index) => (isFailed(result) ? [{ index, error: result.error }] : []));
	if (failed.length < 2 || results.some(wasSent)) return undefined;
	const named = failed.slice(0, NAMED_ITEMS).map(({ index, error }) => `${index}: ${shorten(error?.message ?? '')}`);
	if (failed.length > NAMED_ITEMS) named.push(`and ${failed.length - NAMED_ITEMS} more`);
	return {
		message: `${failed.length} of ${results.length} items cannot be sent, nothing was sent: ${named.join('; ')}`,
		description: 'Fix or remove these items',
	};
}

// The error of an item that was sent contains its request.
function wasSent(result: ItemResult): boolean {
	if (typeof result === 'string') return result === 'unknown';
	if (result.error) return isFailed(result) && (result.error.request !== undefined || result.error.httpCode !== undefined);
	return result.request === undefined;
}

function shorten(message: string): string {
	const text = message.replace(/\s+/g, ' ').trim().replace(/\.$/, '');
	return text.length <= LONGEST_ITEM ? text : `${text.slice(0, LONGEST_ITEM)}…`;
}
