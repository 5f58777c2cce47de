// Generated from crds/traceprobes.yaml by scripts/generate-api.ts. Do not edit.

import type { KubernetesObject } from '../kubernetesObject.ts';

/**
 * A TraceProbe says which kernel or user-space events to record, on which nodes and pods, and within which
 * limits. Every selected node runs it in its kernel; its events are typed, attributed to pods and queryable,
 * and every loss is counted.
 */
export interface TraceProbe extends KubernetesObject {
  /**
   * What to trace, where, and within which limits. Exactly one of points, builtin, object and delayedUnlink
   * is set; which one cannot change later.
   */
  spec: TraceProbeSpec;
  /** What the controller last saw. No rates and no totals; those are metrics. */
  status?: TraceProbeStatus;
}

/**
 * What to trace, where, and within which limits. Exactly one of points, builtin, object and delayedUnlink is
 * set; which one cannot change later.
 */
export interface TraceProbeSpec {
  /** Places in the kernel or in programs to attach to, each with what to capture there. Up to 16. */
  points?: TraceProbePoint[];
  /** A probe that comes with TraceProbe. */
  builtin?: TraceProbeBuiltin;
  /** Your own compiled BPF program, from an image. Needs the verb use on traceprobes/object. */
  object?: TraceProbeObject;
  /**
   * Keeps deleted log files until the log shipper has read them to their end, or a limit passes. Needs the
   * verb use on traceprobes/delayedunlink. Begin with mode Observe.
   */
  delayedUnlink?: TraceProbeDelayedUnlink;
  /** Which nodes, pods and processes. What is left out selects all. */
  scope?: TraceProbeScope;
  /** How the probe reaches the nodes. */
  rollout: TraceProbeRollout;
  /** What the probe may cost a node. */
  limits: TraceProbeLimits;
  /** How long events are kept. Whichever limit is reached first, the oldest go. */
  retention: TraceProbeRetention;
  /**
   * The probe stops by itself this long after its creation, so that none is forgotten; at least 10s. Left
   * out: never.
   */
  expireAfter?: string;
  /** Detaches the probe everywhere, keeping its events and its place. Default: false. */
  suspend: boolean;
}

/** One place to attach to, and what to capture there. */
export interface TraceProbePoint {
  /**
   * Name of the point, unique within the probe: the field "point" of its events, and part of its table's
   * name. Lower-case letters, digits and '-'.
   */
  name: string;
  /**
   * Where to attach, as TYPE/TARGET. syscall/NAME pairs a system call's entry and exit (args, retval,
   * duration); ksyscall/NAME is a kprobe on the architecture's wrapper of that call; tracepoint/CATEGORY/NAME
   * and raw_tracepoint/NAME are the kernel's stable places; kprobe/FUNCTION, kretprobe/FUNCTION,
   * fentry/FUNCTION and fexit/FUNCTION are kernel functions; lsm/HOOK is a security hook; uprobe/SYMBOL,
   * uretprobe/SYMBOL and usdt/PROVIDER:NAME are places in the program or library that binary names.
   * `traceprobe list` shows what there is, `traceprobe explain ATTACH` its fields.
   */
  attach: string;
  /** The program or library that a uprobe, uretprobe or usdt point lies in. */
  binary?: TraceProbePointBinary;
  /**
   * The fields of the event, up to 16. Left out: every argument or field there is. Each event also has time,
   * node, pid, tid, ppid, uid, gid, comm, context, k8s.namespace, k8s.pod and k8s.container.
   */
  capture?: TraceProbePointCapture[];
  /**
   * CEL expression over captured fields, args, retval, duration and the fields that every event has; events
   * for which it is false are dropped, in the kernel as far as possible. Example: retval < 0 && duration >
   * duration("1ms") && k8s.namespace != "kube-system". A value that could not be read makes its comparison
   * false.
   */
  filter?: string;
  /**
   * Count instead of recording: events are summed up in the kernel, by key, and one row a key comes out every
   * interval.
   */
  aggregate?: TraceProbePointAggregate;
}

/** The program or library that a uprobe, uretprobe or usdt point lies in. */
export interface TraceProbePointBinary {
  /** Absolute path of the program or library, in the file system that root says. */
  path: string;
  /**
   * Whose file system the path is looked up in: that of each selected container (Containers), or the node's
   * own (Host). Default: Containers.
   */
  root: 'Containers' | 'Host';
}

/** One field of the event, a column of its table. */
export interface TraceProbePointCapture {
  /** Name of the field in filters, JSON and SQL. Lower-case letters, digits and '_'. */
  name: string;
  /**
   * Where the value comes from: retval, duration, args.NAME followed by any .member or [index] (pointers are
   * followed), or a field that every event has. Left out: the argument or field called like name.
   */
  value?: string;
  /**
   * Type of the column, whatever the kernel's C type is. A conflict, such as String for a structure, is
   * reported by the node. Left out: what fits the C type.
   */
  type?: 'Int64' | 'Uint64' | 'Float64' | 'Bool' | 'String' | 'Bytes' | 'Duration' | 'Ip' | 'Path';
  /**
   * Where a String, Bytes or Path is cut off, in bytes. Left out: 4096 for a path and for Bytes of known
   * size, 256 otherwise.
   */
  maxBytes?: number;
  /**
   * For a buffer whose length is another value, such as args.buf with length args.count: the path of that
   * value, spelt like value. Without it a String ends at its first NUL.
   */
  length?: string;
}

/**
 * Count instead of recording: events are summed up in the kernel, by key, and one row a key comes out every
 * interval.
 */
export interface TraceProbePointAggregate {
  /**
   * Fields that make the key: captured ones or those that every event has. Left out: one row over all events.
   */
  by?: string[];
  /** What to compute of each key's events. */
  values: TraceProbePointAggregateValue[];
  /** How often rows come out, from 1s to 1h. Default: 10s. */
  interval: string;
  /**
   * Keys that are kept apart in the kernel on one node; events of further keys are counted as lost. Default:
   * 4096.
   */
  maxKeys: number;
}

/** One computed value. */
export interface TraceProbePointAggregateValue {
  /**
   * Count: number of events. Sum, Avg, Min, Max: of a numeric field. Histogram: numbers of values between
   * powers of two.
   */
  function: 'Count' | 'Sum' | 'Avg' | 'Min' | 'Max' | 'Histogram';
  /** Name of the captured field that the function is of. */
  of?: string;
}

/** A probe that comes with TraceProbe. */
export interface TraceProbeBuiltin {
  /** processes: every exec with its complete arguments and every exit with code, signal and lifetime. */
  name: 'processes';
}

/** Your own compiled BPF program, from an image. Needs the verb use on traceprobes/object. */
export interface TraceProbeObject {
  /**
   * Image with the BPF object file, by digest, so that what was reviewed is what runs. Example:
   * registry.example.com/team/probe@sha256:… (64 hexadecimal digits).
   */
  image: string;
}

/**
 * Keeps deleted log files until the log shipper has read them to their end, or a limit passes. Needs the verb
 * use on traceprobes/delayedunlink. Begin with mode Observe.
 */
export interface TraceProbeDelayedUnlink {
  /**
   * Files on the node to keep, as absolute patterns: * stands for any characters but /, ** for any
   * directories. Example: /var/log/pods/**\/*.log.
   */
  paths: string[];
  /** When a kept file may go. */
  until: TraceProbeDelayedUnlinkUntil;
  /** What kept files may cost on one node. Beyond it, a deletion happens at once and is counted. */
  limits: TraceProbeDelayedUnlinkLimits;
  /**
   * How a file is kept. Hold: the deletion is answered with "no such file" and happens later. Observe:
   * nothing is kept, only reported. Auto: what the node can do, in this version Hold. This version refuses
   * the other two (Unsupported): Link, a second link in a holding directory that keeps the content while the
   * deletion happens, and Override, which answers with success. Default: Auto.
   */
  mode: 'Auto' | 'Hold' | 'Link' | 'Override' | 'Observe';
}

/** When a kept file may go. */
export interface TraceProbeDelayedUnlinkUntil {
  /**
   * Where the log shipper notes how far it has read: a file goes once it has been read to its end. Left out:
   * maxDelay alone decides.
   */
  positions?: TraceProbeDelayedUnlinkUntilPositions;
  /** A file goes after this time, read or not. From 1s to 24h. Default: 60s. */
  maxDelay: string;
}

/**
 * Where the log shipper notes how far it has read: a file goes once it has been read to its end. Left out:
 * maxDelay alone decides.
 */
export interface TraceProbeDelayedUnlinkUntilPositions {
  /** Which shipper's notes these are. */
  format: 'Fluentd' | 'FluentBit' | 'Promtail' | 'Vector' | 'OtelCol';
  /** Absolute path of the positions file or directory on the node. */
  path: string;
}

/** What kept files may cost on one node. Beyond it, a deletion happens at once and is counted. */
export interface TraceProbeDelayedUnlinkLimits {
  /** Bytes that kept files may occupy, such as 1Gi. Default: 1Gi. */
  maxHeldBytes: number | string;
  /** Number of files that may be kept. Default: 10000. */
  maxHeldFiles: number;
  /** Share of the file system that must stay free, in percent. Default: 10. */
  minFreeDiskPercent: number;
}

/** Which nodes, pods and processes. What is left out selects all. */
export interface TraceProbeScope {
  /** Nodes by their labels. */
  nodeSelector?: LabelSelector;
  /** Namespaces by name. Excludes namespaceSelector. */
  namespaces?: string[];
  /** Namespaces by their labels. Excludes namespaces. */
  namespaceSelector?: LabelSelector;
  /** Pods by their labels. */
  podSelector?: LabelSelector;
  /** Containers by name, within the selected pods. */
  containers?: string[];
  /**
   * Processes outside pods, such as the kubelet: recorded as well (Include), not (Exclude), or nothing else
   * (Only). Left out: Include where nothing selects pods, Exclude otherwise.
   */
  host?: 'Include' | 'Exclude' | 'Only';
}

/** Selects by labels; all requirements must hold. */
export interface LabelSelector {
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
  /** Further requirements; all must hold. */
  matchExpressions?: LabelSelectorMatchExpression[];
}

/** One requirement on one label. */
export interface LabelSelectorMatchExpression {
  /** The label's key, such as kubernetes.io/os. */
  key: string;
  /** How key and values relate. */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Values for In and NotIn. */
  values?: string[];
}

/** How the probe reaches the nodes. */
export interface TraceProbeRollout {
  /**
   * AllAtOnce: on every node at once. Canary: on one node of each kernel release first, on the others when it
   * runs there. Auto: AllAtOnce up to 20 nodes, Canary beyond. Default: Auto.
   */
  strategy: 'Auto' | 'Canary' | 'AllAtOnce';
}

/** What the probe may cost a node. */
export interface TraceProbeLimits {
  /** Events recorded a second on one node; those beyond are counted as lost. Default: 10000. */
  eventsPerSecondPerNode: number;
  /**
   * CPU time the probe's programs may take on one node, in percent of one CPU. Above it the probe is detached
   * there, with reason OverBudget. Default: 5.
   */
  cpuPercentPerNode: number;
}

/** How long events are kept. Whichever limit is reached first, the oldest go. */
export interface TraceProbeRetention {
  /** How old an event may become, at least 1m. Default: 24h. */
  maxAge: string;
  /** How many bytes the probe's events may take in the store, such as 1Gi. Default: 1Gi. */
  maxBytes: number | string;
}

/** What the controller last saw. No rates and no totals; those are metrics. */
export interface TraceProbeStatus {
  /** metadata.generation that this status is about. */
  observedGeneration?: number;
  /** When expireAfter stops the probe. */
  expirationTime?: string;
  /**
   * Accepted (the spec makes sense), Programmed (the nodes have it), Delivering (events arrive), Ready (every
   * reachable node runs it or cannot, and at least one runs it), and LosingEvents while events are lost.
   */
  conditions?: TraceProbeStatusCondition[];
  /** Numbers of nodes. */
  nodes?: TraceProbeStatusNodes;
  /** Nodes that have this generation first, each for its kernel release, whose other nodes wait for it. */
  canaries?: TraceProbeStatusCanarie[];
  /** Why nodes do not run the probe, alike ones grouped, the largest groups first. */
  failures?: TraceProbeStatusFailure[];
}

/** One condition. */
export interface TraceProbeStatusCondition {
  /** Name of the condition. */
  type: string;
  /** Whether it holds. */
  status: 'True' | 'False' | 'Unknown';
  /** metadata.generation that this condition is about. */
  observedGeneration?: number;
  /** When status last changed. */
  lastTransitionTime: string;
  /** Why, for machines. */
  reason: string;
  /** Why, for people. */
  message: string;
}

/** Numbers of nodes. */
export interface TraceProbeStatusNodes {
  /** Nodes that the probe selects. */
  desired?: number;
  /** Nodes that run it. */
  running?: number;
  /** Nodes that tried and failed. */
  failed?: number;
  /** Nodes whose kernel or agent lacks what it needs. */
  unsupported?: number;
  /** Nodes whose agent has not been heard of. */
  unreachable?: number;
}

/** One node and its kernel release. */
export interface TraceProbeStatusCanarie {
  /** As uname -r has it; empty where the kubelet has not said. */
  kernelRelease: string;
  /** Name of the node. */
  node: string;
}

/** Nodes that failed for the same reason. */
export interface TraceProbeStatusFailure {
  /** Why, for machines, such as SymbolNotFound or OverBudget. */
  reason: string;
  /** Why, for people, with what to do. */
  message: string;
  /** Number of nodes. */
  count: number;
  /** Names of some of these nodes. */
  nodes: string[];
}
