import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { BATCH_SIZE, type ExecutorItem, NOT_ATTEMPTED, type Result, type ResultLine } from './contract';
import { addressOf, brokenFailure, type Failure, post } from './executor';
import { linesOf, SILENCE_SECONDS } from './lines';

export type Outcome = Result | 'not tried' | 'unknown';

/** What became of a run: one outcome per item, and what ended it early. */
export interface Run {
	outcomes: Outcome[];
	failure?: Failure;
}

export interface RunOptions {
	continueOnFail: boolean;
	dryRun: boolean;
	/** How long the executor may be silent; tests take less. */
	silenceSeconds?: number;
}

/**
 * Sends items in batches and collects what becomes of each.
 *
 * More than one batch that must not fail in the middle is prepared first as a whole: a mistake in the last item
 * then sends nothing at all. Never throws for what an item or the executor does wrong: that is in the outcome.
 */
export async function run(
	context: IExecuteFunctions,
	operation: string,
	items: ExecutorItem[],
	options: RunOptions,
): Promise<Run> {
	if (items.length > BATCH_SIZE && !options.continueOnFail) {
		const prepared = await send(context, operation, items, options, true);
		if (prepared.failure || prepared.outcomes.some(isFailed)) {
			return { ...prepared, outcomes: prepared.outcomes.map((each) => (isFailed(each) ? each : 'not tried')) };
		}
	}
	return await send(context, operation, items, options, false);
}

/** Whether this item's own request was refused; one that was not tried is not failed. */
export function isFailed(outcome: Outcome): outcome is Result {
	return typeof outcome === 'object' && outcome.error !== undefined && outcome.error.code !== NOT_ATTEMPTED;
}

/** What was done, what not, and what nobody knows: `done: items 0-2; not tried: items 4-9`. */
export function tally(outcomes: Outcome[]): string {
	const groups: Record<string, number[]> = {
		done: [],
		failed: [],
		'unknown whether it was carried out': [],
		'not tried': [],
	};
	outcomes.forEach((outcome, index) => groups[stateOf(outcome)]?.push(index));
	return Object.entries(groups)
		.filter(([, indexes]) => indexes.length > 0)
		.map(([state, indexes]) => `${state}: ${ranges(indexes)}`)
		.join('; ');
}

function stateOf(outcome: Outcome): string {
	if (outcome === 'unknown') return 'unknown whether it was carried out';
	if (outcome === 'not tried') return outcome;
	if (outcome.error === undefined) return 'done';
	return isFailed(outcome) ? 'failed' : 'not tried';
}

/** `[0, 1, 2, 5]` → `items 0-2, 5`. */
export function ranges(indexes: number[]): string {
	const runs: Array<[number, number]> = [];
	for (const index of indexes) {
		const last = runs.at(-1);
		if (last && last[1] + 1 === index) last[1] = index;
		else runs.push([index, index]);
	}
	const texts = runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
	return `${indexes.length === 1 ? 'item' : 'items'} ${texts.join(', ')}`;
}

async function send(
	context: IExecuteFunctions,
	operation: string,
	items: ExecutorItem[],
	options: RunOptions,
	prepareOnly: boolean,
): Promise<Run> {
	const outcomes = new Array<Outcome>(items.length).fill('not tried');
	for (let from = 0; from < items.length; from += BATCH_SIZE) {
		if (context.getExecutionCancelSignal()?.aborted) return { outcomes, failure: cancelled() };
		const batch = items.slice(from, from + BATCH_SIZE);
		const body: IDataObject = {
			operation,
			items: batch as unknown as IDataObject[],
			options: { continueOnFail: options.continueOnFail, ...flags(options, prepareOnly) },
		};
		const failure = await sendBatch(context, body, outcomes, from, options.silenceSeconds ?? SILENCE_SECONDS);
		if (failure) {
			if (failure.sent && !prepareOnly) markUnknown(outcomes, from, batch.length);
			return { outcomes, failure: context.getExecutionCancelSignal()?.aborted ? cancelled() : failure };
		}
		if (!options.continueOnFail && !prepareOnly && outcomes.some(isFailed)) break;
	}
	return { outcomes };
}

/** Sends one batch and notes each result as it comes; gives what kept it from its end. */
async function sendBatch(
	context: IExecuteFunctions,
	body: IDataObject,
	outcomes: Outcome[],
	from: number,
	silenceSeconds: number,
): Promise<Failure | undefined> {
	const headers = { Accept: 'application/x-ndjson' };
	// n8n's own time-out counts silence too; a little longer, so that a stream's silence is told by the one in lines.ts.
	const answer = await post(context, '/v1/execute', body, headers, (silenceSeconds + 5) * 1000);
	if (answer.failure) return answer.failure;
	const size = (body.items as unknown[]).length;
	let done = false;
	let cause: unknown;
	try {
		for await (const line of linesOf(answer.value, silenceSeconds)) {
			const { index, done: last, items, error, request } = JSON.parse(line) as ResultLine;
			if (last) done = true;
			else if (index !== undefined && index >= 0 && index < size) outcomes[from + index] = { items, error, request };
		}
	} catch (error) {
		cause = error;
	}
	return done ? undefined : brokenFailure(await addressOf(context), cause);
}

function flags(options: RunOptions, prepareOnly: boolean): IDataObject {
	return { ...(options.dryRun ? { dryRun: true } : {}), ...(prepareOnly ? { prepareOnly: true } : {}) };
}

function markUnknown(outcomes: Outcome[], from: number, count: number): void {
	for (let index = from; index < from + count; index += 1) {
		if (outcomes[index] === 'not tried') outcomes[index] = 'unknown';
	}
}

function cancelled(): Failure {
	return { message: 'The execution was cancelled', description: '', sent: true };
}
