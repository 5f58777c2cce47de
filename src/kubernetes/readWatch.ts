import type { IncomingMessage } from 'node:http';
import { ApiError, type StatusObject } from './apiError.ts';
import { LineSplitter } from './lineSplitter.ts';

/** A change that a watch tells of. A bookmark's object has nothing but its resourceVersion. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/**
 * The events in the body of a watch's answer, a JSON document a line; `onData` is called whenever bytes come.
 *
 * @throws ApiError for an ERROR event, a line that is no event, and a connection that breaks off
 */
export async function* readWatch<T>(
  body: IncomingMessage,
  tried: string,
  onData: () => void,
): AsyncGenerator<WatchEvent<T>> {
  const splitter = new LineSplitter();
  try {
    for await (const chunk of body) {
      onData();
      for (const line of splitter.push(chunk as Buffer)) {
        if (line !== '') yield parseEvent<T>(line, tried);
      }
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const message = `the watch broke off: ${error instanceof Error ? error.message : String(error)}`;
    throw new ApiError({ tried, status: 0, reason: 'Unreachable', message }, { cause: error });
  }
  if (splitter.pendingBytes > 0) {
    const message = `the watch ended in the middle of an event, after ${splitter.pendingBytes} of its bytes`;
    throw new ApiError({ tried, status: 0, reason: 'Unreachable', message });
  }
}

function parseEvent<T>(line: string, tried: string): WatchEvent<T> {
  let event: { type: string; object: unknown };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (error) {
    const message = `the watch sent a line that is no JSON: ${line.slice(0, 200)}`;
    throw new ApiError({ tried, status: 0, reason: 'Unreadable', message }, { cause: error });
  }
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return { type: event.type, object: event.object as T };
    case 'ERROR':
      throw ApiError.fromStatus(tried, 500, event.object as StatusObject);
    default: {
      const message = `the watch sent an event of type "${event.type}", which is none`;
      throw new ApiError({ tried, status: 0, reason: 'Unreadable', message });
    }
  }
}
