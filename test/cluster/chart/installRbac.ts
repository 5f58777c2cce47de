import type { ControlPlane } from '../controlPlane.ts';
import { renderChart, type RenderOptions } from './renderChart.ts';

/**
 * Gives a cluster the ServiceAccounts and roles of the chart in a namespace, which is created when it is not there: what
 * runs with a token of system:serviceaccount:NAMESPACE:traceprobe-controller has the rights that the chart gives it.
 * The API server learns of them some milliseconds later: see ControlPlane.untilAllowed.
 */
export async function installRbac(
  cluster: ControlPlane,
  namespace: string,
  values: RenderOptions['values'] = {},
): Promise<void> {
  await cluster.createNamespace(namespace);
  const templates = ['templates/serviceaccounts.yaml', 'templates/rbac.yaml'];
  const items = await renderChart({ namespace, values, templates });
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { code, stderr } = await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
  if (code !== 0) throw new Error(`the chart's roles were refused: ${stderr}`);
}
