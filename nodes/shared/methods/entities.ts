/** Reads whole lists of the PBX for a field of a node. */
import type { IDataObject, ILoadOptionsFunctions } from 'n8n-workflow';

import type { ResultLine } from '../transport/contract';
import { post } from '../transport/executor';
import { createApiError } from '../transport/failures';
import { readLines } from '../transport/ndjson';

/** Return all entities of a list with these fields. Throws NodeApiError. */
export async function listEntities(context: ILoadOptionsFunctions, operation: string, fields: string[]): Promise<IDataObject[]> {
	const parameters = { returnAll: true, options: { $select: fields } };
	const body = { operation, items: [{ parameters }], options: {} };
	const response = await post(context, '/v1/execute', body, { Accept: 'application/x-ndjson' });
	if (response.failure) throw createApiError(context.getNode(), response.failure);
	const found: IDataObject[] = [];
	for await (const line of readLines(response.body)) {
		const { items = [], error } = JSON.parse(line) as ResultLine;
		if (error) {
			const { message, description = '' } = error;
			throw createApiError(context.getNode(), { message, description });
		}
		found.push(...items.map(({ json }) => json));
	}
	return found;
}
