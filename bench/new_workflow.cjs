/**
 * Measure the time to open a workflow with one node of this package: `new Workflow()` of n8n's own code.
 *
 * node new_workflow.cjs N8N_FOLDER ENTRY.json   → {"first", "median"} in milliseconds
 */
const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const [folder, entry] = process.argv.slice(2);
const { Workflow } = createRequire(join(folder, 'package.json'))('n8n-workflow');
const description = JSON.parse(readFileSync(entry, 'utf8'));
const nodeTypes = { getByName: () => ({ description }), getByNameAndVersion: () => ({ description }) };
const deletion = { resource: 'CallFlowApps', operation: 'DeleteCallFlowApp' };
const watched = { events: [] };
const locator = { __rl: true, mode: 'id', value: '={{ $json.Id }}' };

const node = () => ({
	id: '1',
	name: '3CX',
	type: description.name,
	typeVersion: 1,
	position: [0, 0],
	parameters: description.group.includes('trigger') ? { ...watched } : { ...deletion, Id: { ...locator } },
});

function once() {
	const began = performance.now();
	new Workflow({ id: '1', nodes: [node()], connections: {}, active: false, nodeTypes });
	return performance.now() - began;
}

const times = Array.from({ length: 51 }, once);
const [first] = times;
times.sort((one, other) => one - other);
console.log(JSON.stringify({ first, median: times[25] }));
