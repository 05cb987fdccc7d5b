import type { IBinaryData, IDataObject } from 'n8n-workflow';

/** The number of the contract between this node and the executor; the executor tells its own in a header. */
export const CONTRACT = 1;
/** The executor takes more; a hundred is what can be stopped between, and told about, at a time. */
export const BATCH_SIZE = 100;

export interface ExecutorItem {
	json?: IDataObject;
	parameters: IDataObject;
}

export interface ExecutorError {
	message: string;
	description?: string;
	httpCode?: number;
	code?: string;
	field?: string;
	itemIndex?: number;
	/** The PBX may have done what it gave no answer about. */
	outcome?: 'unknown';
	request?: IDataObject;
}

export interface ResultItem {
	json: IDataObject;
	binary?: Record<string, IBinaryData>;
}

/** What the executor says about one item: result items, its error, the request of a dry run, or (prepared) nothing. */
export interface Result {
	items?: ResultItem[];
	error?: ExecutorError;
	request?: IDataObject;
}

export interface ResultLine extends Result {
	index?: number;
	done?: boolean;
	summary?: string;
}

export interface Problem {
	title?: string;
	detail?: string;
	description?: string;
	code?: string;
	field?: string;
	status?: number;
}

/** The executor's word for an item that was never tried because another one failed. */
export const NOT_ATTEMPTED = 'not_attempted';
