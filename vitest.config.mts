import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vitest/config';

// n8n itself loads the CommonJS form; the other one does not load outside a bundler.
const workflow = fileURLToPath(new URL('node_modules/n8n-workflow/dist/cjs/index.js', import.meta.url));

export default defineConfig({
	resolve: { alias: { 'n8n-workflow': workflow } },
	test: {
		include: ['tests/node/**/*.test.mts'],
		testTimeout: 15_000,
		server: { deps: { external: [/n8n-workflow/] } },
	},
});
