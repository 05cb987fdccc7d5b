import type { ILoadOptionsFunctions } from 'n8n-workflow';

/** Return the operation that is chosen in the node. */
export function getOperation(context: ILoadOptionsFunctions): string {
	return String(context.getCurrentNodeParameter('operation') ?? '');
}
