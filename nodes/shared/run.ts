/** Sends the items of one execution to the executor, batch by batch. */
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { type BatchOption, findDifferentOption, getMaxDeletes, isDryRun } from './batchOptions';
import { getOptionDisplayName } from './definition';
import { attachFile, CALL_BYTES, isUpload } from './files';
import { isFailed, isLeftOut, type ItemResult } from './itemResults';
import { describeError, type ResolvedItem } from './requests';
import { BATCH_HEADER, BATCH_SIZE, type ExecutorItem, type RecordedItem, type ResultLine } from './transport/contract';
import { askForBatch } from './transport/batchReport';
import { loadExecutorUrl, post } from './transport/executor';
import {
	createInterruptedFailure,
	createReportedFailure,
	type ErrorDetails,
	type ExecutorFailure,
} from './transport/failures';
import { IDLE_TIMEOUT, readLines } from './transport/ndjson';

/** Why a run ended early, other than by an item's own error. */
export interface RunFailure extends ErrorDetails {
	kind: 'executor' | 'cancelled' | 'options';
}

/** One result per item, why the run ended early, and the notes of the executor. */
export interface RunResult {
	results: ItemResult[];
	failure?: RunFailure;
	notes: Set<string>;
}

export interface RunOptions {
	continueOnFail: boolean;
	/** Milliseconds without a byte after which the executor is given up; tests use less. */
	idleTimeout?: number;
}

/**
 * Send `count` items in batches and return the result of each.
 *
 * Where an error must stop the run, several batches are first prepared, all of them, while n8n resolves the next items:
 * a mistake in the last item then sends nothing at all. Does not throw for an item or the executor: their errors are in
 * the result.
 */
export async function runItems(
	context: IExecuteFunctions,
	operation: string,
	batches: AsyncIterable<ResolvedItem[]>,
	count: number,
	options: RunOptions,
): Promise<RunResult> {
	const sender = new BatchSender(context, operation, count, options);
	const resolved: ResolvedItem[] = [];
	// The files of a batch may need several calls.
	const severalCalls = count > BATCH_SIZE || (count > 1 && isUpload(operation));
	let prepareFirst = severalCalls && !options.continueOnFail;
	for await (const batch of severalCalls ? prefetch(batches) : batches) {
		const start = resolved.length;
		resolved.push(...batch);
		// A limit for the whole run is checked before any of its batches is sent.
		prepareFirst ||= severalCalls && batch.some(({ item }) => item && getMaxDeletes(item) !== undefined);
		sender.recordUnresolved(batch, start);
		sender.checkBatchOptions(batch);
		if (prepareFirst) await sender.send(batch, start, { prepareOnly: true });
		// Where all batches are prepared, one error names the wrong items of all of them.
		if (prepareFirst ? sender.run.failure : sender.mustStop) break;
	}
	if (prepareFirst) sender.checkDeletes();
	// The result of a prepared item says only that it can be sent.
	sender.resetPrepared();
	const dryRun = resolved.some(({ item }) => item && isDryRun(item));
	for (let start = 0; start < count && !sender.mustStop; start += BATCH_SIZE) {
		await sender.send(resolved.slice(start, start + BATCH_SIZE), start, { dryRun });
	}
	if (options.continueOnFail) sender.spreadLeftOut();
	return sender.run;
}

/** Yield the values of `source`, with the next one already requested while the caller works on the last. */
async function* prefetch<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
	const iterator = source[Symbol.asyncIterator]();
	let next = iterator.next();
	for (;;) {
		const { done, value } = await next;
		if (done) return;
		next = iterator.next();
		yield value;
	}
}

/** Items of one call, and their indexes in the run. */
interface ExecutorCall {
	items: ExecutorItem[];
	indexes: number[];
}

/** Sends the batches of one run and records each result as it arrives. */
class BatchSender {
	readonly run: RunResult;

	private firstItem?: ExecutorItem;

	/** Entries that the prepared batches would delete. */
	private deletes = 0;

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly operation: string,
		count: number,
		private readonly options: RunOptions,
	) {
		this.run = { results: new Array<ItemResult>(count).fill('not_attempted'), notes: new Set() };
	}

	/** Whether nothing more may be sent: the run failed, or an item did and must stop the others. */
	get mustStop(): boolean {
		const { failure, results } = this.run;
		if (failure !== undefined) return true;
		// An executor that continues after errors leaves items out only where the PBX itself cannot be used.
		return results.some(this.options.continueOnFail ? isLeftOut : isFailed);
	}

	/** Record the items whose parameters n8n could not resolve as failed. */
	recordUnresolved(batch: ResolvedItem[], start: number): void {
		batch.forEach(({ error }, index) => {
			if (error) this.run.results[start + index] = { error };
		});
	}

	/** Fail the run where an option of the whole run has a value of its own in one of the items. */
	checkBatchOptions(batch: ResolvedItem[]): void {
		for (const { item } of batch) {
			if (!item) continue;
			this.firstItem ??= item;
			const option = findDifferentOption(this.firstItem, item);
			if (option) {
				this.run.failure = createOptionFailure(option);
				return;
			}
		}
	}

	/** Fail the run where its batches together would delete more entries than the option allows. */
	checkDeletes(): void {
		const limit = this.firstItem && getMaxDeletes(this.firstItem);
		if (limit === undefined || this.deletes <= limit || this.run.failure) return;
		if (this.firstItem && isDryRun(this.firstItem)) return;
		this.run.failure = {
			kind: 'options',
			message: `The run would delete ${this.deletes} entries, and '${getOptionDisplayName('maxDeletes')}' allows ${limit}`,
			description: 'Check the items. If they are right, raise the limit or remove the option. Nothing was sent.',
		};
	}

	/** Give items that were never sent the reason of one that the executor left out. */
	spreadLeftOut(): void {
		const { results } = this.run;
		const reason = results.find(isLeftOut);
		if (!reason) return;
		results.forEach((result, index) => {
			if (result === 'not_attempted') results[index] = reason;
		});
	}

	/** Set all items that did not fail back to "not attempted". */
	resetPrepared(): void {
		const { results } = this.run;
		results.forEach((result, index) => {
			if (!isFailed(result)) results[index] = 'not_attempted';
		});
	}

	/** Send one batch, whose first item is item `start` of the run. */
	async send(batch: ResolvedItem[], start: number, flags: { prepareOnly?: true; dryRun?: boolean }): Promise<void> {
		if (this.run.failure) return;
		if (this.isCancelled) {
			this.run.failure = createCancellation();
			return;
		}
		const indexes: number[] = [];
		const items: ExecutorItem[] = [];
		for (const [index, { item }] of batch.entries()) {
			if (!item) continue;
			indexes.push(start + index);
			items.push(item);
		}
		for await (const call of isUpload(this.operation) ? this.attachFiles(items, indexes) : [{ items, indexes }]) {
			await this.call(call, flags);
			if (this.mustStop) return;
		}
	}

	/** Yield the items with their files in calls of a limited size; an item whose file cannot be read has failed. */
	private async *attachFiles(items: ExecutorItem[], indexes: number[]): AsyncGenerator<ExecutorCall> {
		let call: ExecutorCall = { items: [], indexes: [] };
		let total = 0;
		for (const [place, item] of items.entries()) {
			const index = indexes[place] as number;
			try {
				const attached = await attachFile(this.context, item, index);
				if (call.items.length > 0 && total + attached.size > CALL_BYTES) {
					yield call;
					call = { items: [], indexes: [] };
					total = 0;
				}
				call.items.push(attached.item);
				call.indexes.push(index);
				total += attached.size;
			} catch (error) {
				this.run.results[index] = { error: describeError(error, 'parameter') };
				if (!this.options.continueOnFail) return;
			}
		}
		yield call;
	}

	private async call({ items, indexes }: ExecutorCall, flags: { prepareOnly?: true; dryRun?: boolean }): Promise<void> {
		if (items.length === 0) return;
		const sendsNothing = flags.prepareOnly === true || flags.dryRun === true;
		const batchId = sendsNothing ? undefined : crypto.randomUUID();
		let failure = await this.exchange(items, indexes, flags, batchId);
		if (!failure) return;
		if (failure.outcomeUnknown && batchId !== undefined) failure = await this.settle(failure, batchId, indexes);
		if (!failure) return;
		if (failure.outcomeUnknown && !flags.prepareOnly) this.markUnknown(indexes);
		this.run.failure = this.isCancelled ? createCancellation() : { ...failure, kind: 'executor' };
	}

	/** Ask the executor what became of the items; returns the failure that is left, if not all of them have a result. */
	private async settle(
		failure: ExecutorFailure,
		batchId: string,
		indexes: number[],
	): Promise<ExecutorFailure | undefined> {
		if (this.isCancelled) return failure;
		const report = await askForBatch(this.context, batchId);
		if (!report) return failure;
		const { results } = this.run;
		let isUnknown = false;
		for (const [place, index] of indexes.entries()) {
			const recorded = report.results[place];
			if (results[index] !== 'not_attempted' || !recorded || recorded.outcome === 'not_tried') continue;
			const result = toResult(recorded);
			if (result === 'unknown') isUnknown = true;
			results[index] = result;
		}
		if (indexes.every((index) => typeof results[index] === 'object')) return undefined;
		return { ...createReportedFailure(failure, !isUnknown), outcomeUnknown: false };
	}

	/** Call the executor once; returns why the response did not arrive or did not end. */
	private async exchange(
		items: ExecutorItem[],
		indexes: number[],
		flags: IDataObject,
		batchId: string | undefined,
	): Promise<ExecutorFailure | undefined> {
		const { continueOnFail, idleTimeout = IDLE_TIMEOUT } = this.options;
		const options = { continueOnFail, timeZone: this.context.getTimezone(), ...flags };
		const body = { operation: this.operation, items, options } as unknown as IDataObject;
		// A header: an executor that does not record batches ignores it.
		const headers = { Accept: 'application/x-ndjson', ...(batchId && { [BATCH_HEADER]: batchId }) };
		// n8n's own time limit counts idle time too; it is a little longer, so that readLines notices a silent stream first.
		const response = await post(this.context, '/v1/execute', body, headers, idleTimeout + 5_000);
		if (response.failure) return response.failure;
		let isComplete = false;
		let cause: unknown;
		try {
			for await (const line of readLines(response.body, idleTimeout)) {
				const { index = -1, done, items: output, error, request, attempts, notes = [], deletes = 0 } = JSON.parse(line) as ResultLine;
				const runIndex = indexes[index];
				for (const note of notes) this.run.notes.add(note);
				if (flags.prepareOnly) this.deletes += deletes;
				if (done) isComplete = true;
				else if (runIndex !== undefined) this.run.results[runIndex] = { items: output, error, request, attempts };
			}
		} catch (error) {
			cause = error;
		}
		return isComplete ? undefined : createInterruptedFailure(await loadExecutorUrl(this.context), cause);
	}

	private markUnknown(indexes: number[]): void {
		for (const index of indexes) {
			if (this.run.results[index] === 'not_attempted') this.run.results[index] = 'unknown';
		}
	}

	private get isCancelled(): boolean {
		return this.context.getExecutionCancelSignal()?.aborted === true;
	}
}

/** Return the result of an item whose response was lost, from what the executor recorded. */
function toResult({ outcome, items, error }: RecordedItem): ItemResult {
	if (outcome === 'failed' && error) return { error };
	if (outcome !== 'done') return 'unknown';
	if (items) return { items };
	const message = 'The item was read, but its result was lost with the connection to the executor';
	return { error: { message, description: 'Run the node again', code: 'executor' } };
}

function createCancellation(): RunFailure {
	return { kind: 'cancelled', message: 'The execution was cancelled', description: '' };
}

function createOptionFailure(option: BatchOption): RunFailure {
	const name = getOptionDisplayName(option);
	return {
		kind: 'options',
		message: `'${name}' applies to all items, but its expression returned different values for them`,
		description: `Enter a fixed value for '${name}', or an expression that returns the same value for every item`,
	};
}
