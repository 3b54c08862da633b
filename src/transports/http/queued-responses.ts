import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Closes the responses that wait behind another one when their connection closes. A client may send requests without
 * waiting for the answers; Node then emits `close` for the first response only, and what the others hold would never be
 * released.
 */
export function closeQueuedResponses(server: Server): void {
  const queued = new WeakMap<Socket, Set<ServerResponse>>();
  server.on('request', ({ socket }, response) => {
    // The first response has the connection.
    if (response.socket) return;
    const waiting = queued.get(socket) ?? listenTo(socket);
    waiting.add(response);
    response.once('close', () => waiting.delete(response));
  });

  const listenTo = (socket: Socket): Set<ServerResponse> => {
    const waiting = new Set<ServerResponse>();
    queued.set(socket, waiting);
    socket.once('close', () => {
      for (const response of waiting) if (!response.socket) close(response);
    });
    return waiting;
  };
}

/** What Node does with a response that has the connection. */
function close(response: ServerResponse): void {
  response.destroyed = true;
  Object.assign(response, { _closed: true });
  response.emit('close');
}
