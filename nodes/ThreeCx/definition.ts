import type { INodeProperties, INodeTypeDescription } from 'n8n-workflow';

import definition from '../../node_definition.json';

type Shown = Record<string, readonly unknown[]>;

/** A parameter that an operation shows; `when` holds what else must be chosen for it to be shown. */
export interface ShownParameter {
	name: string;
	when: Array<[string, readonly unknown[]]>;
}

const CHOOSERS = new Set(['resource', 'operation']);

export const properties = definition.properties as unknown as INodeProperties[];
export const hints = definition.hints as INodeTypeDescription['hints'];

// Once for all executions: n8n pays for each property otherwise.
const byOperation = new Map<string, ShownParameter[]>();
const always: ShownParameter[] = [];

for (const property of properties) {
	if (CHOOSERS.has(property.name)) continue;
	const show = (property.displayOptions?.show ?? {}) as Shown;
	const operations = show.operation ?? show['/operation'];
	const when = Object.entries(show)
		.filter(([name]) => !CHOOSERS.has(name.replace('/', '')))
		.map(([name, values]): [string, readonly unknown[]] => [name.replace('/', ''), values]);
	const parameter = { name: property.name, when };
	if (operations === undefined) {
		always.push(parameter);
		continue;
	}
	for (const operation of operations) {
		const known = byOperation.get(String(operation));
		if (known) known.push(parameter);
		else byOperation.set(String(operation), [parameter]);
	}
}

for (const shown of byOperation.values()) shown.push(...always);

/** The parameters that an operation shows. */
export function parametersOf(operation: string): readonly ShownParameter[] {
	return byOperation.get(operation) ?? always;
}

/** Whether what else a parameter depends on is chosen; `read` gives another parameter's value. */
export function isShown(parameter: ShownParameter, read: (name: string) => unknown): boolean {
	return parameter.when.every(([name, values]) => values.includes(read(name)));
}

