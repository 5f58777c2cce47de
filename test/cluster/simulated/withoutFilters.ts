import { planFeatures } from '../../../src/api/index.ts';

// Preloaded, this makes a process what it was before TraceProbes could have filters.
const features = planFeatures as unknown as string[];
features.splice(features.indexOf('filter'), 1);
