/** Reads the files that an operation uploads from the binary data of the input items. */
import { type IBinaryData, type IExecuteFunctions, UserError } from 'n8n-workflow';

import { admin } from './definition';
import type { ExecutorItem } from './transport/contract';

/** The parameter that names an item's binary field. */
export const BINARY_PROPERTY = 'binaryPropertyName';
/** Bytes of the files in one call: with its files in Base64 the call is smaller than the executor's limit of 32 MB. */
export const CALL_BYTES = 20 * 1024 * 1024;

/** Return whether the operation sends a file of each item. */
export function isUpload(operation: string): boolean {
	return admin.getParameters(operation).some(({ name }) => name === BINARY_PROPERTY);
}

/** Throw where the input item `index` has no file to upload, or one that is too large; nothing is read. */
export async function checkFile(context: IExecuteFunctions, { parameters }: ExecutorItem, index: number): Promise<void> {
	const name = getFieldName(parameters[BINARY_PROPERTY]);
	const size = await measureFile(context, context.helpers.assertBinaryData(index, name));
	if (size <= CALL_BYTES) return;
	throw new UserError(`The file in '${name}' has ${size} bytes, more than the limit of ${CALL_BYTES}`, {
		description: 'Shorten the file; nothing was sent for this item',
	});
}

/** Return the item with the file of the input item `index`, and the file's size in bytes. */
export async function attachFile(
	context: IExecuteFunctions,
	item: ExecutorItem,
	index: number,
): Promise<{ item: ExecutorItem; size: number }> {
	const name = getFieldName(item.parameters[BINARY_PROPERTY]);
	const { fileName, mimeType } = context.helpers.assertBinaryData(index, name);
	const content = await context.helpers.getBinaryDataBuffer(index, name);
	const file = { data: content.toString('base64'), mimeType, ...(fileName ? { fileName } : {}) };
	return { item: { ...item, binary: { [name]: file } }, size: content.length };
}

function getFieldName(value: unknown): string {
	if (typeof value === 'string' && value.trim() !== '') return value.trim();
	throw new UserError("'Input Binary Field' is empty", { description: 'Enter the name of a binary field of the input' });
}

async function measureFile(context: IExecuteFunctions, { id, data }: IBinaryData): Promise<number> {
	if (id === undefined) return Buffer.byteLength(data, 'base64');
	return (await context.helpers.getBinaryMetadata(id)).fileSize;
}
