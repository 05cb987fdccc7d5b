import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { BATCH_SIZE, type ExecutorItem, NOT_ATTEMPTED, type Result, type ResultLine } from './contract';
import { addressOf, brokenFailure, type Failure, post } from './executor';
import { linesOf, SILENCE_SECONDS } from './lines';
import { type ReadItem, wantsDryRun } from './requests';

export type Outcome = Result | 'not tried' | 'unknown';

/** What became of a run: one outcome per item, and what ended it early. */
export interface Run {
	outcomes: Outcome[];
	failure?: Failure;
}

export interface RunOptions {
	continueOnFail: boolean;
	/** How long the executor may be silent; tests take less. */
	silenceSeconds?: number;
}

/**
 * Sends `count` items in batches and collects what becomes of each.
 *
 * More than one batch that must not fail in the middle is prepared first as a whole, while n8n reads the next items:
 * a mistake in the last item then sends nothing at all. Never throws for what an item or the executor does wrong:
 * that is in the outcome.
 */
export async function run(
	context: IExecuteFunctions,
	operation: string,
	batches: AsyncIterable<ReadItem[]>,
	count: number,
	options: RunOptions,
): Promise<Run> {
	const sender = new Sender(context, operation, count, options);
	const read: ReadItem[] = [];
	const prepareFirst = count > BATCH_SIZE && !options.continueOnFail;
	for await (const batch of prepareFirst ? ahead(batches) : batches) {
		const from = read.length;
		read.push(...batch);
		sender.noteUnreadable(batch, from);
		if (prepareFirst) await sender.send(batch, from, { prepareOnly: true });
		if (sender.mustStop) return sender.nothingSent();
	}
	sender.forgetPrepared();
	const dryRun = read.some(wantsDryRun);
	for (let from = 0; from < count && !sender.mustStop; from += BATCH_SIZE) {
		await sender.send(read.slice(from, from + BATCH_SIZE), from, { dryRun });
	}
	if (options.continueOnFail) sender.leaveOutTheRest();
	return sender.run;
}

/** Has the next of `source` made while the last one is still worked on. */
async function* ahead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
	const iterator = source[Symbol.asyncIterator]();
	let next = iterator.next();
	for (;;) {
		const { done, value } = await next;
		if (done) return;
		next = iterator.next();
		yield value;
	}
}

/** Sends batches of one run and notes each result as it comes. */
class Sender {
	readonly run: Run;

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly operation: string,
		count: number,
		private readonly options: RunOptions,
	) {
		this.run = { outcomes: new Array<Outcome>(count).fill('not tried') };
	}

	/** Whether nothing more may go out: the executor failed, or an item did and the rest must not go on. */
	get mustStop(): boolean {
		const { failure, outcomes } = this.run;
		if (failure !== undefined) return true;
		// An executor that goes on after errors leaves items out only where the PBX itself cannot be used.
		return outcomes.some(this.options.continueOnFail ? isLeftOut : isFailed);
	}

	/** Items whose parameters n8n could not resolve have failed before anything is sent. */
	noteUnreadable(batch: ReadItem[], from: number): void {
		batch.forEach(({ error }, index) => {
			if (error) this.run.outcomes[from + index] = { error };
		});
	}

	/** Gives items that the executor never saw the reason of one that it left out. */
	leaveOutTheRest(): void {
		const { outcomes } = this.run;
		const reason = outcomes.find(isLeftOut);
		if (!reason) return;
		outcomes.forEach((each, index) => {
			if (each === 'not tried') outcomes[index] = reason;
		});
	}

	/** What a prepared item gave says only that it may be sent. */
	forgetPrepared(): void {
		const { outcomes } = this.run;
		outcomes.forEach((each, index) => {
			if (!isFailed(each)) outcomes[index] = 'not tried';
		});
	}

	/** The run where all that was done was to prepare. */
	nothingSent(): Run {
		this.forgetPrepared();
		return this.run;
	}

	/** Sends one batch, whose first item is the run's item `from`. */
	async send(batch: ReadItem[], from: number, flags: { prepareOnly?: true; dryRun?: boolean }): Promise<void> {
		if (this.isCancelled) {
			this.run.failure = cancelled();
			return;
		}
		const indexes: number[] = [];
		const items: ExecutorItem[] = [];
		for (const [index, { item }] of batch.entries()) {
			if (!item) continue;
			indexes.push(from + index);
			items.push(item);
		}
		if (items.length === 0) return;
		const failure = await this.exchange(items, indexes, flags);
		if (!failure) return;
		if (failure.sent && !flags.prepareOnly) this.markUnknown(indexes);
		this.run.failure = this.isCancelled ? cancelled() : failure;
	}

	/** One call of the executor; gives what kept it from its end. */
	private async exchange(items: ExecutorItem[], indexes: number[], flags: IDataObject): Promise<Failure | undefined> {
		const { continueOnFail, silenceSeconds = SILENCE_SECONDS } = this.options;
		const options = { continueOnFail, timeZone: this.context.getTimezone(), ...flags };
		const body = { operation: this.operation, items, options } as unknown as IDataObject;
		const headers = { Accept: 'application/x-ndjson' };
		// n8n's own time-out counts silence too; a little longer, so that a stream's silence is told by lines.ts.
		const answer = await post(this.context, '/v1/execute', body, headers, (silenceSeconds + 5) * 1000);
		if (answer.failure) return answer.failure;
		let done = false;
		let cause: unknown;
		try {
			for await (const line of linesOf(answer.value, silenceSeconds)) {
				const { index = -1, done: last, items: results, error, request } = JSON.parse(line) as ResultLine;
				const place = indexes[index];
				if (last) done = true;
				else if (place !== undefined) this.run.outcomes[place] = { items: results, error, request };
			}
		} catch (error) {
			cause = error;
		}
		return done ? undefined : brokenFailure(await addressOf(this.context), cause);
	}

	private markUnknown(indexes: number[]): void {
		for (const index of indexes) {
			if (this.run.outcomes[index] === 'not tried') this.run.outcomes[index] = 'unknown';
		}
	}

	private get isCancelled(): boolean {
		return this.context.getExecutionCancelSignal()?.aborted === true;
	}
}

/** Whether this item's own request was refused; one that was not tried is not failed. */
export function isFailed(outcome: Outcome): outcome is Result {
	return typeof outcome === 'object' && outcome.error !== undefined && outcome.error.code !== NOT_ATTEMPTED;
}

function isLeftOut(outcome: Outcome): boolean {
	return typeof outcome === 'object' && outcome.error?.code === NOT_ATTEMPTED;
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
	if (outcome === 'not tried') return outcome;
	if (outcome === 'unknown' || outcome.error?.outcome === 'unknown') return 'unknown whether it was carried out';
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

function cancelled(): Failure {
	return { message: 'The execution was cancelled', description: '', sent: true };
}
