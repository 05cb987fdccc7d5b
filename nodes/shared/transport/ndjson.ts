/** Reads the executor's responses while they arrive, and gives up when nothing arrives. */
import { sleep } from 'n8n-workflow';

/** A response body as n8n's HTTP helper returns it for `encoding: 'stream'`. */
export type ByteStream = NodeJS.ReadableStream & { destroy(error?: Error): unknown };

/** Milliseconds without a byte after which a response is given up; the executor sends an empty line every 5 seconds. */
export const IDLE_TIMEOUT = 30_000;

export class IdleTimeoutError extends Error {}

/**
 * Yield the lines of a stream as they arrive, except empty ones.
 *
 * Throws IdleTimeoutError after `idleTimeout` milliseconds without a byte, and the stream's own error when it breaks.
 */
export async function* readLines(stream: ByteStream, idleTimeout = IDLE_TIMEOUT): AsyncGenerator<string> {
	const watch = { idleTicks: 0, ended: false };
	void destroyWhenIdle(stream, watch, idleTimeout);
	// Parts of the current line, joined once: a file arrives as one line of many megabytes.
	let parts: string[] = [];
	stream.setEncoding('utf8');
	try {
		for await (const chunk of stream) {
			watch.idleTicks = 0;
			const pieces = String(chunk).split('\n');
			const rest = pieces.pop() ?? '';
			for (const piece of pieces) {
				const line = parts.join('') + piece;
				parts = [];
				if (line.trim()) yield line;
			}
			if (rest) parts.push(rest);
		}
	} finally {
		watch.ended = true;
		stream.destroy();
	}
	const last = parts.join('');
	if (last.trim()) yield last;
}

/** Return the text of a stream; throws as readLines does. */
export async function readText(stream: ByteStream, idleTimeout = IDLE_TIMEOUT): Promise<string> {
	const lines: string[] = [];
	for await (const line of readLines(stream, idleTimeout)) lines.push(line);
	return lines.join('\n');
}

// Counts ticks instead of time: after n8n itself was blocked for a minute, the bytes that arrived meanwhile are read first.
async function destroyWhenIdle(
	stream: ByteStream,
	watch: { idleTicks: number; ended: boolean },
	idleTimeout: number,
): Promise<void> {
	const tick = Math.min(1_000, idleTimeout);
	while (!watch.ended) {
		await sleep(tick);
		watch.idleTicks += 1;
		if (!watch.ended && watch.idleTicks > idleTimeout / tick) stream.destroy(new IdleTimeoutError());
	}
}
