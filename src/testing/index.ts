export { trace, type ExpectedEvent, type Trace, type Traced, type TracedEvent } from './trace.ts';
