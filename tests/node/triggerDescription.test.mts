import type { IDataObject, ILoadOptionsFunctions, INodeProperties } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';

import { EVENT_TYPES } from '../../nodes/ThreeCxTrigger/eventTypes';
import { createContext, HEADERS, startExecutor } from './support.mts';
import { trigger } from './triggerSupport.mts';

const { description, methods } = trigger;
const field = (name: string) => description.properties.find((each) => each.name === name) as INodeProperties;

describe('the fields', () => {
	it('offer every type of events, by group', () => {
		const options = field('events').options as Array<{ name: string; value: string; description: string }>;
		expect(options.map(({ value }) => value).sort()).toEqual(EVENT_TYPES.map(({ name }) => name).sort());
		expect(options).toContainEqual({
			name: 'Call Missed',
			value: 'call.missed',
			description: expect.stringMatching(/^Calls: A call that came in /) as string,
		});
		const groups = options.map((each) => String(each.description.split(':')[0]));
		expect(groups.filter((each, index) => each !== groups[index - 1])).toEqual(['Calls', 'Records', 'System']);
	});

	it('show each filter for the events that have it', () => {
		const filters = field('filters').options as INodeProperties[];
		const shown = Object.fromEntries(filters.map(({ name, displayOptions }) => [name, displayOptions?.show?.['/events']]));
		expect(shown.severity).toEqual(['event_log.new']);
		expect(shown.direction).toContain('call.missed');
		expect(Object.keys(shown).sort()).toEqual(['direction', 'extensions', 'group', 'number', 'severity']);
	});

	it('have a sample of their own type', () => {
		for (const { name, sample } of EVENT_TYPES) expect(sample).toMatchObject({ schemaVersion: 1, type: name });
	});
});

const createLoadContext = (url: string, parameters: IDataObject = {}) =>
	createContext({ parameters, url }) as unknown as ILoadOptionsFunctions;

const ENTITIES: Record<string, IDataObject[]> = {
	ListUser: [{ Number: '100', FirstName: 'Ada', LastName: 'Lovelace' }, { Number: '101', FirstName: 'Bo' }],
	ListQueue: [{ Name: 'Support', Number: '800' }],
	ListRingGroup: [{ Name: 'Sales', Number: '801' }],
};

const startLists = async () =>
	await startExecutor((response, call) => {
		const found = ENTITIES[String(call.body.operation)] ?? [];
		response.writeHead(200, HEADERS);
		response.end(`${JSON.stringify({ index: 0, items: found.map((json) => ({ json })) })}\n${JSON.stringify({ done: true })}\n`);
	});

describe('the lists', () => {
	it('have all extensions with the names of their users', async () => {
		const server = await startLists();
		expect(await methods.loadOptions.getExtensions.call(createLoadContext(server.url))).toEqual([
			{ name: '100 Ada Lovelace', value: '100' },
			{ name: '101 Bo', value: '101' },
		]);
		expect(server.calls[0]?.body.items[0]?.parameters).toMatchObject({ returnAll: true });
	});

	it('have queues and ring groups', async () => {
		const server = await startLists();
		const search = async (filter?: string) => await methods.listSearch.searchGroups.call(createLoadContext(server.url), filter);
		expect((await search()).results).toEqual([
			{ name: 'Support (queue 800)', value: '800' },
			{ name: 'Sales (ring group 801)', value: '801' },
		]);
		expect((await search('ring 801')).results.map(({ value }) => value)).toEqual(['801']);
	});

	it("fail in the executor's words", async () => {
		const server = await startExecutor((response) => {
			const error = { message: 'Forbidden by 3CX', description: 'Give the client a role' };
			response.writeHead(200, HEADERS).end(`${JSON.stringify({ index: 0, error })}\n`);
		});
		await expect(methods.loadOptions.getExtensions.call(createLoadContext(server.url))).rejects.toMatchObject({
			message: 'Forbidden by 3CX',
			description: 'Give the client a role',
		});
	});
});

describe('the rights', () => {
	const startCheck = async (problems: IDataObject[]) =>
		await startExecutor((response) => {
			response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json' }).end(JSON.stringify({ problems }));
		});

	it('name the events that the client may not see, and what to do', async () => {
		const server = await startCheck([{ events: ['call.missed'], message: 'no Call Control', advice: 'Tick Call Control.' }]);
		const filters = { extensions: ['999'], number: '+49*' };
		const context = createLoadContext(server.url, { events: ['call.missed', 'trunk.down'], filters });
		expect(await methods.loadOptions.getRights.call(context)).toEqual([
			{ name: 'Call Missed: no Call Control. Tick Call Control.', value: '' },
		]);
		expect(server.calls[0]).toMatchObject({ path: '/v1/subscriptions/check', body: { events: ['call.missed', 'trunk.down'], filter: { extensions: ['999'] } } });
	});

	it('are said to be there', async () => {
		const server = await startCheck([]);
		const context = createLoadContext(server.url, { events: ['trunk.down'] });
		expect(await methods.loadOptions.getRights.call(context)).toEqual([{ name: 'The Chosen Events Can Come', value: '' }]);
		expect(await methods.loadOptions.getRights.call(createLoadContext(server.url))).toEqual([
			{ name: 'Choose Events First', value: '' },
		]);
	});
});
