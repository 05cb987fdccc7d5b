/** Asks the executor what became of a batch whose response was lost. */
import { sleep, type IExecuteFunctions } from 'n8n-workflow';

import type { BatchReport } from './contract';
import { get } from './executor';
import { readText } from './ndjson';

/**
 * Milliseconds to wait for an executor that is restarted, or for a batch that ends its last requests; between two
 * questions; and for one answer. Tests use less.
 */
export const REPORT_TIMES = { total: 60_000, interval: 1_000, answer: 10_000 };

/**
 * Return what the executor recorded of a batch, once the batch has ended; undefined where it does not know, or where it
 * does not answer in time.
 */
export async function askForBatch(context: IExecuteFunctions, batchId: string): Promise<BatchReport | undefined> {
	const { total, interval } = REPORT_TIMES;
	const end = Date.now() + total;
	let report: BatchReport | undefined;
	for (;;) {
		const answer = await askOnce(context, batchId);
		// An answer of the executor that is not a report, such as 404, does not change.
		if (answer === 'refused') return report;
		if (answer) report = answer;
		const isCancelled = context.getExecutionCancelSignal()?.aborted === true;
		if ((answer && answer.status !== 'running') || isCancelled || Date.now() + interval > end) return report;
		await sleep(interval);
	}
}

/** Return the report, undefined where the executor cannot be reached at the moment. */
async function askOnce(context: IExecuteFunctions, batchId: string): Promise<BatchReport | 'refused' | undefined> {
	const response = await get(context, `/v1/batches/${batchId}`, REPORT_TIMES.answer);
	if (response.failure) {
		const { httpCode } = response.failure;
		return httpCode !== undefined && Number(httpCode) < 500 ? 'refused' : undefined;
	}
	try {
		const report = JSON.parse(await readText(response.body, REPORT_TIMES.answer)) as BatchReport | null;
		return Array.isArray(report?.results) ? report : undefined;
	} catch {
		return undefined;
	}
}
