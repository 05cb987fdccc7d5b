/** The members of Options that count for the whole run: one value, whatever the number of items. */
import type { IDataObject } from 'n8n-workflow';

import type { ExecutorItem } from './transport/contract';

const BATCH_OPTIONS = ['dryRun', 'concurrency', 'timeout', 'retryTime', 'maxDeletes'] as const;

export type BatchOption = (typeof BATCH_OPTIONS)[number];

/**
 * Return the first batch option that has different values in the two items, or undefined.
 *
 * n8n resolves an expression for each item, but a run either sends or does not: with a Dry Run that is true for some
 * items only, either choice would be wrong for the others.
 */
export function findDifferentOption(one: ExecutorItem, other: ExecutorItem): BatchOption | undefined {
	return BATCH_OPTIONS.find((option) => getOption(one, option) !== getOption(other, option));
}

/** Return whether the item asks for a dry run, as a boolean or as text. */
export function isDryRun(item: ExecutorItem): boolean {
	return String(getOption(item, 'dryRun')).trim().toLowerCase() === 'true';
}

/** Return the number of entries that the item's run may delete, or undefined where no limit is set. */
export function getMaxDeletes(item: ExecutorItem): number | undefined {
	const value = getOption(item, 'maxDeletes');
	const limit = value === null || value === undefined || value === '' ? NaN : Number(value);
	return Number.isFinite(limit) ? limit : undefined;
}

function getOption(item: ExecutorItem, option: BatchOption): unknown {
	return (item.parameters.options as IDataObject | null | undefined)?.[option];
}
