import { readFileSync } from 'node:fs';

import type { IDataObject, INodeType } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { admin, getDefinition, getOptionDisplayName } from '../../nodes/shared/definition';
import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxPhoneSystem } from '../../nodes/ThreeCxPhoneSystem/ThreeCxPhoneSystem.node';
import { ThreeCxPhoneSystemTrigger } from '../../nodes/ThreeCxPhoneSystem/ThreeCxPhoneSystemTrigger.node';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';

const document = JSON.parse(readFileSync('node_definition.json', 'utf8')) as { nodes: IDataObject[] };
// Parts of a trigger that only n8n has.
const OF_CODE = ['webhooks', 'triggerPanel'];
const CREDENTIALS = [{ name: 'threeCxApi', required: true, testedBy: 'testThreeCx' }];
const nodes = [ThreeCxPhoneSystem, ThreeCx, ThreeCxPhoneSystemTrigger].map((each) => new each());

/** Return the methods by which a node gets choices. */
function listMethods({ methods }: INodeType): string[] {
	const { credentialTest: _, ...byKind } = methods as Record<string, object>;
	return Object.values(byKind).flatMap((each) => Object.keys(each));
}

/** Return the methods that properties name. */
function findNamed(definition: IDataObject): string[] {
	const named = JSON.stringify(definition).matchAll(/"(?:searchListMethod|loadOptionsMethod|resourceMapperMethod)":"(\w+)"/g);
	return [...new Set([...named].map(([, name]) => String(name)))];
}

it('node_definition.json describes each node', () => {
	expect(document.nodes.map(({ name }) => name)).toEqual(nodes.map(({ description }) => description.name));
});

describe.each(nodes)('the description of $description.name', (node) => {
	const { credentials, ...description } = node.description as unknown as IDataObject;
	const definition = document.nodes.find(({ name }) => name === description.name) as IDataObject;
	const inCode = Object.keys(description).filter((name) => !OF_CODE.includes(name));

	it.each(inCode)('has the %s of node_definition.json', (name) => {
		expect(description[name]).toEqual(definition[name]);
	});

	it('has nothing less than node_definition.json', () => {
		expect(Object.keys(definition).sort()).toEqual([...inCode, 'credentials'].sort());
	});

	it('has the credential of node_definition.json and its test', () => {
		expect(credentials).toEqual(CREDENTIALS);
		expect(definition.credentials).toEqual([{ name: 'threeCxApi', required: true }]);
	});

	it('has the methods that its properties name', () => {
		expect(listMethods(node)).toEqual(expect.arrayContaining(findNamed(definition)));
	});
});

it('each method is named by a property of a node', () => {
	const named = new Set(document.nodes.flatMap(findNamed));
	expect(nodes.flatMap(listMethods).filter((name) => !named.has(name))).toEqual([]);
});

it('the trigger of stored workflows is the same node, and no panel lists it', () => {
	const trigger = new ThreeCxPhoneSystemTrigger();
	const stored = new ThreeCxTrigger();
	expect(stored.description).toEqual({ ...trigger.description, name: 'threeCxTrigger', hidden: true });
	expect(stored.webhookMethods).toEqual({ default: { checkExists: expect.any(Function), create: expect.any(Function), delete: expect.any(Function) } });
	expect(stored.webhook).toBe(trigger.webhook);
});

it('n8n lists the trigger with the everyday node, whose name it has before "Trigger"', () => {
	const [everyday, , trigger] = nodes.map(({ description }) => description);
	expect(trigger?.name.replace('Trigger', '')).toBe(everyday?.name);
	// Of both, it shows the description of the trigger.
	const words = (text = '') => text.split(/[, ]+/).map((word) => word.toLowerCase());
	expect(words(trigger?.description)).toEqual(expect.arrayContaining(['users', 'calls', 'events']));
});

describe('the definition of a node', () => {
	it('is found by the type of the node, and of the tool made from it', () => {
		const types = ['n8n-nodes-threecx.threeCx', 'n8n-nodes-threecx.threeCxTool', 'CUSTOM.threeCx', 'threeCxPhoneSystem'];
		expect(types.map((type) => getDefinition({ type }).name)).toEqual(['threeCx', 'threeCx', 'threeCx', 'threeCxPhoneSystem']);
	});

	it('has each parameter of an operation once', () => {
		const names = admin.getParameters('DeleteCallFlowApp').map(({ name }) => name);
		expect(names).toEqual(expect.arrayContaining(['Id', 'If-Match', 'options']));
		expect(new Set(names).size).toBe(names.length);
		expect(names).not.toContain('operation');
	});

	it('has display names for options', () => {
		const names = ['dryRun', 'concurrency', 'timeout', 'retryTime', 'maxDeletes'];
		expect(names.map(getOptionDisplayName)).toEqual(['Dry Run', 'Concurrency', 'Timeout', 'Retry Time', 'Max Deletes']);
	});
});
