import { Workflow, type INode, type INodeParameters, type INodePropertyOptions, type INodeType, type INodeTypes } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { ThreeCx } from '../../nodes/ThreeCx/ThreeCx.node';
import { ThreeCxPhoneSystem } from '../../nodes/ThreeCxPhoneSystem/ThreeCxPhoneSystem.node';
import { ThreeCxPhoneSystemTrigger } from '../../nodes/ThreeCxPhoneSystem/ThreeCxPhoneSystemTrigger.node';

/** Return the subtitle of a node on the canvas, as n8n evaluates it. */
function createSubtitle({ description }: INodeType): (parameters: INodeParameters) => unknown {
	const nodeTypes = { getByNameAndVersion: () => ({ description: { ...description, properties: [] } }) } as unknown as INodeTypes;
	const node: INode = { id: '1', name: '3CX', type: description.name, typeVersion: 1, position: [0, 0], parameters: {} };
	const workflow = new Workflow({ id: '1', nodes: [node], connections: {}, active: false, nodeTypes });
	return (parameters) => {
		workflow.nodes[node.name] = { ...node, parameters };
		return workflow.expression.getSimpleParameterValue({ ...node, parameters }, description.subtitle ?? '', 'internal', {});
	};
}

interface Named {
	resource: string;
	id: string;
	/** In the list of operations. */
	name: string;
	/** In the panel. */
	action: string;
	subtitle: unknown;
}

function listOperations(node: INodeType): Named[] {
	const getSubtitle = createSubtitle(node);
	return node.description.properties
		.filter(({ name }) => name === 'operation')
		.flatMap(({ displayOptions, options }) => {
			const resource = String(displayOptions?.show?.resource?.[0]);
			return (options as INodePropertyOptions[]).map(({ name, value, action }) => {
				const id = String(value);
				return { resource, id, name, action: action ?? '', subtitle: getSubtitle({ resource, operation: id }) };
			});
		});
}

const getWords = (text: string): string[] => text.toLowerCase().replace(/'s?\b/g, '').match(/[\w.&-]+/g) ?? [];

/** Return whether all words of a text are in another one, in their order. */
function isWithin(text: string, other: string): boolean {
	const words = getWords(other);
	return getWords(text).every((word) => {
		const place = words.indexOf(word);
		if (place >= 0) words.splice(0, place + 1);
		return place >= 0;
	});
}

describe('the names of operations', () => {
	const everyday = listOperations(new ThreeCxPhoneSystem());
	const admin = listOperations(new ThreeCx());

	it.each([
		['3CX', everyday],
		['3CX Admin', admin],
	])('of %s are the same in the panel and the list, without articles', (_, operations) => {
		expect(operations.filter(({ name, action }) => !isWithin(name, action) || /\b(a|an|the)\b/.test(action))).toEqual([]);
	});

	it('of 3CX are those of the panel on the canvas', () => {
		expect(everyday.filter(({ action, subtitle }) => subtitle !== action)).toEqual([]);
	});

	// A table of those that follow no rule would make the node larger than it may be.
	it('of 3CX Admin are those of the list on the canvas where rules make them, with the resource', () => {
		const asWords = (resource: string) => resource.replace(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3 $2');
		const expected = admin.map(({ name, resource }) => `${name}: ${asWords(resource)}`);
		const same = admin.filter(({ subtitle }, index) => subtitle === expected[index]);
		expect(same.length / admin.length).toBeGreaterThan(0.75);
		const usual = ['Create', 'Get', 'Get Many', 'Update', 'Delete', 'Get Report', 'Download Report'];
		const isUsual = ({ name }: Named) => usual.includes(name);
		expect(same.filter(isUsual).length / admin.filter(isUsual).length).toBeGreaterThan(0.9);
	});

	it('of events are those of the list on the canvas', () => {
		const node = new ThreeCxPhoneSystemTrigger();
		const getSubtitle = createSubtitle(node);
		const events = node.description.properties.find(({ name }) => name === 'events')?.options as INodePropertyOptions[];
		const [first, second] = events;
		expect(getSubtitle({ events: [String(first?.value), String(second?.value)] })).toBe(`${first?.name}, ${second?.name}`);
		expect(events.filter(({ name, value }) => getSubtitle({ events: [String(value)] }) !== name)).toEqual([]);
	});
});
