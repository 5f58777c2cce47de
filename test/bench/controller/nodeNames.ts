/** What the parts of this benchmark call the same things. */
export const agentAccount = { namespace: 'traceprobe', name: 'traceprobe-agent' };

export function nodeName(index: number): string {
  return `node-${index}`;
}

/** UID of the agent's pod on a node. */
export function agentPodUid(node: string): string {
  return `agent-of-${node}`;
}
