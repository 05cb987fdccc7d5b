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
