export interface Component {
  name: string;
  version: string;
  purl: string;
}

export function billOfMaterials(from: {
  version: string;
  lock: { packages: Record<string, object> };
  debian: readonly string[];
  epoch: number;
}): { metadata: { timestamp: string; component: object }; components: Component[] };
