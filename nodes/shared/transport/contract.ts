/** The JSON that this node and the executor exchange. */
import type { IBinaryData, IDataObject } from 'n8n-workflow';

/** Version of the contract that this node uses; the executor sends its own version in CONTRACT_HEADER. */
export const CONTRACT_VERSION = 1;
export const CONTRACT_HEADER = 'threecx-contract';
/** Header with the ID that the node gives a batch, by which it asks for the batch when the response is lost. */
export const BATCH_HEADER = 'threecx-batch';

/** Items in one call. The executor takes more, but a run can be stopped only between two calls. */
export const BATCH_SIZE = 100;

/** Error code of an item that was not attempted because another item failed. */
export const NOT_ATTEMPTED = 'not_attempted';

export interface ExecutorItem {
	json?: IDataObject;
	/** Files to upload by name, with the bytes in Base64. */
	binary?: Record<string, IBinaryData>;
	parameters: IDataObject;
}

export interface ExecutorError {
	message: string;
	description?: string;
	httpCode?: number;
	code?: string;
	field?: string;
	itemIndex?: number;
	/** Set where no response says whether the PBX has carried out the request. */
	outcome?: 'unknown';
	request?: IDataObject;
}

export interface OutputItem {
	json: IDataObject;
	binary?: Record<string, IBinaryData>;
}

/**
 * Result of one item: output items, an error, the request of a dry run, or nothing where it was only prepared. A list
 * that was read in part has both items and the error that ended it.
 */
export interface ExecutorResult {
	items?: OutputItem[];
	error?: ExecutorError;
	request?: IDataObject;
	/** How often the request was sent, where that was more than once. */
	attempts?: number;
}

/** One line of the executor's NDJSON response: an item's result, or (`done`) the end of the batch. */
export interface ResultLine extends ExecutorResult {
	index?: number;
	done?: boolean;
	summary?: string;
	/** Sentences for the user about the batch as a whole; none of them is an error. */
	notes?: string[];
	/** Entries that a batch which was only prepared would delete. */
	deletes?: number;
}

/** Item of a batch as the executor recorded it; `pending` while the batch is running. A read has no items. */
export interface RecordedItem extends ExecutorResult {
	outcome: 'done' | 'failed' | 'unknown' | 'not_tried' | 'pending';
}

/** Record of a batch, as the executor returns it: GET /v1/batches/{batchId}. */
export interface BatchReport {
	batchId: string;
	status: 'running' | 'finished' | 'interrupted';
	results: RecordedItem[];
}

/** Body of a refused call (RFC 9457), with the executor's own members. */
export interface ProblemDetails {
	title?: string;
	detail?: string;
	description?: string;
	code?: string;
	field?: string;
	status?: number;
}
