/** The nodes of node_definition.json, and which of their properties an operation displays. */
import type { INodeProperties, INodePropertyCollection, INodePropertyOptions, INodeTypeDescription } from 'n8n-workflow';

import document from '../../node_definition.json';

type DisplayConditions = Record<string, readonly unknown[]>;

/** A node as the file describes it. */
interface NodeDocument {
	name: string;
	subtitle: string;
	hints?: INodeTypeDescription['hints'];
	builderHint?: INodeTypeDescription['builderHint'];
	sensitiveOutputFields?: string[];
	properties: INodeProperties[];
}

// Cast, because TypeScript would infer a type for each of the thousands of properties.
const nodes = document.nodes as unknown as NodeDocument[];

/** A parameter that an operation displays; `conditions` are the values that other parameters must have for it. */
export interface OperationParameter {
	name: string;
	conditions: Array<[string, readonly unknown[]]>;
	/** Not sent where a person left it empty: a field of a body that the everyday node always shows. */
	isLeftOutEmpty: boolean;
	/** Displayed in a tool of an AI agent alone. */
	isOfTools: boolean;
}

const SELECTORS = new Set(['resource', 'operation', '@tool']);

/** One node of the file. */
export class NodeDefinition {
	readonly properties: INodeProperties[];

	readonly subtitle: string;

	readonly hints: INodeTypeDescription['hints'];

	/** Read by the AI workflow builder of n8n. */
	readonly builderHint: INodeTypeDescription['builderHint'];

	/** Paths of secrets in the results. */
	readonly sensitiveOutputFields: string[];

	// Built once for all executions: n8n pays for each property otherwise.
	private readonly byOperation = new Map<string, OperationParameter[]>();

	private readonly ofAllOperations: OperationParameter[] = [];

	constructor(
		readonly name: string,
		private readonly options: { leavesOutEmpty?: boolean } = {},
	) {
		const found = nodes.find((each) => each.name === name);
		if (!found) throw new Error(`node_definition.json has no node ${name}`);
		this.properties = found.properties;
		this.subtitle = found.subtitle;
		this.hints = found.hints ?? [];
		this.builderHint = found.builderHint;
		this.sensitiveOutputFields = found.sensitiveOutputFields ?? [];
		for (const property of this.properties) this.add(property);
		for (const parameters of this.byOperation.values()) parameters.push(...this.ofAllOperations);
	}

	/** Return the parameters that an operation displays. */
	getParameters(operation: string): readonly OperationParameter[] {
		return this.byOperation.get(operation) ?? this.ofAllOperations;
	}

	private add({ name, required, displayOptions }: INodeProperties): void {
		if (SELECTORS.has(name)) return;
		const show = (displayOptions?.show ?? {}) as DisplayConditions;
		const conditions = Object.entries(show)
			.filter(([each]) => !SELECTORS.has(each.replace('/', '')))
			.map(([each, values]): [string, readonly unknown[]] => [each.replace('/', ''), values]);
		const isOfTools = '@tool' in show;
		const isLeftOutEmpty = this.options.leavesOutEmpty === true && !required;
		const parameter = { name, conditions, isOfTools, isLeftOutEmpty };
		const operations = show.operation ?? show['/operation'];
		if (operations === undefined) this.ofAllOperations.push(parameter);
		for (const operation of operations ?? []) {
			const parameters = this.byOperation.get(String(operation));
			if (parameters) parameters.push(parameter);
			else this.byOperation.set(String(operation), [parameter]);
		}
	}
}

export const everyday = new NodeDefinition('threeCxPhoneSystem', { leavesOutEmpty: true });
export const admin = new NodeDefinition('threeCx');
export const trigger = new NodeDefinition('threeCxPhoneSystemTrigger');

const byName = new Map([everyday, admin, trigger].map((each) => [each.name, each]));

/** Return the definition of a node by its type, `n8n-nodes-threecx.threeCx`, or that of the tool made from it. */
export function getDefinition({ type }: { type: string }): NodeDefinition {
	const name = type.replace(/^.*\./, '').replace(/Tool$/, '');
	return byName.get(name) ?? admin;
}

/** Return whether the other parameters have the values that this one needs; `read` returns a parameter's value. */
export function isDisplayed(parameter: OperationParameter, read: (name: string) => unknown): boolean {
	return parameter.conditions.every(([name, values]) => values.includes(read(name)));
}

/** Return the display name of a member of the Options collection, which is the same in all nodes. */
export function getOptionDisplayName(name: string): string {
	const options = admin.properties
		.filter((property) => property.name === 'options')
		.flatMap((property) => (property.options ?? []) as Array<INodePropertyOptions | INodeProperties | INodePropertyCollection>);
	const option = options.find((each) => each.name === name);
	return option && 'displayName' in option ? option.displayName : name;
}
