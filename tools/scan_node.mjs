/**
 * n8n's scan of community packages, on a folder instead of what npm has: its own command takes published packages only.
 *
 * node scan_node.mjs TOOL_FOLDER PACKAGE_FOLDER SOURCE_FOLDER
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [tool, built, source] = process.argv.slice(2);
const require = createRequire(join(tool, 'package.json'));
const scanner = require.resolve('@n8n/scan-community-package/scanner/scanner.mjs');
const { analyzePackage, SOURCE_FILE_PATTERNS } = await import(pathToFileURL(scanner).href);

let clean = true;
for (const [what, folder, patterns] of [['the package', built], ['the source', source, SOURCE_FILE_PATTERNS]]) {
	const { passed, message = '', details = '' } = await analyzePackage(folder, patterns);
	console.log(`${what}: ${passed && !message ? 'clean' : message}${details ? `\n${details}` : ''}`);
	clean &&= passed && !message;
}
process.exit(clean ? 0 : 1);
