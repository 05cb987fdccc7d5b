/** The node's properties from node_definition.json, and which of them an operation displays. */
import type { INodeProperties, INodePropertyCollection, INodePropertyOptions, INodeTypeDescription } from 'n8n-workflow';

import definition from '../../node_definition.json';

type DisplayConditions = Record<string, readonly unknown[]>;

/** A parameter that an operation displays; `conditions` are the values that other parameters must have for it. */
export interface OperationParameter {
	name: string;
	conditions: Array<[string, readonly unknown[]]>;
}

const SELECTORS = new Set(['resource', 'operation']);

export const properties = definition.properties as unknown as INodeProperties[];
export const hints = definition.hints as INodeTypeDescription['hints'];

// Built once for all executions: n8n pays for each property otherwise.
const byOperation = new Map<string, OperationParameter[]>();
const ofAllOperations: OperationParameter[] = [];

for (const property of properties) {
	if (SELECTORS.has(property.name)) continue;
	const show = (property.displayOptions?.show ?? {}) as DisplayConditions;
	const operations = show.operation ?? show['/operation'];
	const conditions = Object.entries(show)
		.filter(([name]) => !SELECTORS.has(name.replace('/', '')))
		.map(([name, values]): [string, readonly unknown[]] => [name.replace('/', ''), values]);
	const parameter = { name: property.name, conditions };
	if (operations === undefined) {
		ofAllOperations.push(parameter);
		continue;
	}
	for (const operation of operations) {
		const parameters = byOperation.get(String(operation));
		if (parameters) parameters.push(parameter);
		else byOperation.set(String(operation), [parameter]);
	}
}

for (const parameters of byOperation.values()) parameters.push(...ofAllOperations);

/** Return the parameters that an operation displays. */
export function getParameters(operation: string): readonly OperationParameter[] {
	return byOperation.get(operation) ?? ofAllOperations;
}

/** Return whether the other parameters have the values that this one needs; `read` returns a parameter's value. */
export function isDisplayed(parameter: OperationParameter, read: (name: string) => unknown): boolean {
	return parameter.conditions.every(([name, values]) => values.includes(read(name)));
}

/** Return the display name of a member of the Options collection. */
export function getOptionDisplayName(name: string): string {
	const options = properties
		.filter((property) => property.name === 'options')
		.flatMap((property) => (property.options ?? []) as Array<INodePropertyOptions | INodeProperties | INodePropertyCollection>);
	const option = options.find((each) => each.name === name);
	return option && 'displayName' in option ? option.displayName : name;
}
