import { sleep } from 'n8n-workflow';

/** What n8n's HTTP helper gives for an answer that is read as it comes. */
export type ByteStream = NodeJS.ReadableStream & { destroy(error?: Error): unknown };

/** The executor sends an empty line every 5 seconds; half a minute of silence means that it hangs. */
export const SILENCE_SECONDS = 30;

export class SilenceError extends Error {}

/**
 * The lines of a stream as they come, empty ones left out.
 *
 * Throws SilenceError after `seconds` without a byte, and what the stream throws when it breaks.
 */
export async function* linesOf(stream: ByteStream, seconds = SILENCE_SECONDS): AsyncGenerator<string> {
	const watch = { silent: 0, over: false };
	void destroyWhenSilent(stream, watch, seconds);
	// Pieces of a line that has not ended: a file makes a line of many megabytes, which is put together once.
	let pieces: string[] = [];
	stream.setEncoding('utf8');
	try {
		for await (const chunk of stream) {
			watch.silent = 0;
			const parts = String(chunk).split('\n');
			const rest = parts.pop() ?? '';
			for (const part of parts) {
				const line = pieces.join('') + part;
				pieces = [];
				if (line.trim()) yield line;
			}
			if (rest) pieces.push(rest);
		}
	} finally {
		watch.over = true;
		stream.destroy();
	}
	const last = pieces.join('');
	if (last.trim()) yield last;
}

/** All text of a stream, within the same silence. */
export async function textOf(stream: ByteStream, seconds = SILENCE_SECONDS): Promise<string> {
	const lines: string[] = [];
	for await (const line of linesOf(stream, seconds)) lines.push(line);
	return lines.join('\n');
}

// Counts ticks, not time: when n8n itself was blocked for a minute, what came meanwhile is read first.
async function destroyWhenSilent(
	stream: ByteStream,
	watch: { silent: number; over: boolean },
	seconds: number,
): Promise<void> {
	while (!watch.over) {
		await sleep(Math.min(1000, seconds * 1000));
		watch.silent += 1;
		if (!watch.over && watch.silent > seconds) stream.destroy(new SilenceError());
	}
}
