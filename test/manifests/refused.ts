/**
 * The manifests in bad/, each with one fault: why it is refused, and where the file checker points. src/api's unit test
 * and the tests against a real API server share this table; no constraint of the CRD is missing from it.
 */
export interface RefusedManifest {
  /** line:column in the file. */
  at: string;
  message: string;
}

/** Refused alike by the file checker and the API server (Kubernetes 1.34), by file name without .yaml. */
export const refused: Record<string, RefusedManifest> = {
  'aggregate-by-pattern': {
    at: '10:14',
    message: `spec.points[0].aggregate.by[0]: Invalid value: "args.flags.x": spec.points[0].aggregate.by[0] in body should match '^[a-z][a-z0-9_]*(\\.[a-z]+)?$'`,
  },
  'aggregate-by-repeated': {
    at: '10:25',
    message: 'spec.points[0].aggregate.by[2]: Duplicate value: "comm"',
  },
  'aggregate-by-too-long': {
    at: '10:14',
    message: 'spec.points[0].aggregate.by[0]: Too long: may not be more than 63 bytes',
  },
  'aggregate-by-too-many': {
    at: '10:9',
    message: 'spec.points[0].aggregate.by: Too many: 9: must have at most 8 items',
  },
  'aggregate-count-of': {
    at: '11:36',
    message: 'spec.points[0].aggregate.values[0].of: Forbidden: Count counts events, whatever their fields',
  },
  'aggregate-function-missing': {
    at: '11:13',
    message: 'spec.points[0].aggregate.values[0].function: Required value',
  },
  'aggregate-function': {
    at: '11:25',
    message:
      'spec.points[0].aggregate.values[0].function: Unsupported value: "Median": supported values: "Count", "Sum", "Avg", "Min", "Max", "Histogram"',
  },
  'aggregate-interval-long': {
    at: '12:19',
    message: 'spec.points[0].aggregate.interval: Invalid value: "string": must be from 1s to 1h, not 1h1ms',
  },
  'aggregate-interval-number': {
    at: '12:19',
    message:
      'spec.points[0].aggregate.interval: Invalid value: "integer": spec.points[0].aggregate.interval in body must be of type string: "integer"',
  },
  'aggregate-interval-pattern': {
    at: '12:19',
    message: `spec.points[0].aggregate.interval: Invalid value: "0.5s": spec.points[0].aggregate.interval in body should match '^([0-9]{1,5}(h|m|s|ms)){1,4}$'`,
  },
  'aggregate-interval-short': {
    at: '12:19',
    message: 'spec.points[0].aggregate.interval: Invalid value: "string": must be from 1s to 1h, not 999ms',
  },
  'aggregate-interval-too-long': {
    at: '12:19',
    message: 'spec.points[0].aggregate.interval: Too long: may not be more than 24 bytes',
  },
  'aggregate-max-keys-too-many': {
    at: '12:18',
    message:
      'spec.points[0].aggregate.maxKeys: Invalid value: 65537: spec.points[0].aggregate.maxKeys in body should be less than or equal to 65536',
  },
  'aggregate-max-keys-zero': {
    at: '12:18',
    message:
      'spec.points[0].aggregate.maxKeys: Invalid value: 0: spec.points[0].aggregate.maxKeys in body should be greater than or equal to 1',
  },
  'aggregate-of-pattern': {
    at: '11:34',
    message: `spec.points[0].aggregate.values[0].of: Invalid value: "args.count": spec.points[0].aggregate.values[0].of in body should match '^[a-z][a-z0-9_]*$'`,
  },
  'aggregate-of-too-long': {
    at: '11:34',
    message: 'spec.points[0].aggregate.values[0].of: Too long: may not be more than 63 bytes',
  },
  'aggregate-sum-of-nothing': {
    at: '11:13',
    message:
      'spec.points[0].aggregate.values[0].of: Required value: every function but Count computes something of a field',
  },
  'aggregate-values-empty': {
    at: '10:9',
    message:
      'spec.points[0].aggregate.values: Invalid value: 0: spec.points[0].aggregate.values in body should have at least 1 items',
  },
  'aggregate-values-missing': { at: '9:7', message: 'spec.points[0].aggregate.values: Required value' },
  'aggregate-values-too-many': {
    at: '10:9',
    message: 'spec.points[0].aggregate.values: Too many: 17: must have at most 16 items',
  },
  'api-version-other': {
    at: '1:13',
    message: 'apiVersion: Invalid value: "traceprobe.io/v1": must be traceprobe.io/v1alpha1',
  },
  'attach-empty': {
    at: '8:15',
    message:
      'spec.points[0].attach: Invalid value: "string": "" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME',
  },
  'attach-missing': { at: '7:7', message: 'spec.points[0].attach: Required value' },
  'attach-no-target': {
    at: '8:15',
    message:
      'spec.points[0].attach: Invalid value: "string": "kprobe" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME',
  },
  'attach-other-syntax': {
    at: '8:15',
    message:
      'spec.points[0].attach: Invalid value: "string": "tracepoint:syscalls:sys_enter_openat" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME',
  },
  'attach-syscall-prefix': {
    at: '8:15',
    message:
      'spec.points[0].attach: Invalid value: "string": "syscall/__x64_sys_OpenAt" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME',
  },
  'attach-too-long': {
    at: '8:15',
    message: 'spec.points[0].attach: Too long: may not be more than 256 bytes',
  },
  'attach-tracepoint-no-category': {
    at: '8:15',
    message:
      'spec.points[0].attach: Invalid value: "string": "tracepoint/sys_enter_openat" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME',
  },
  'attach-unknown-type': {
    at: '8:15',
    message:
      'spec.points[0].attach: Invalid value: "string": "kfunc/vfs_read" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME',
  },
  'attach-uprobe-with-file': {
    at: '8:15',
    message:
      'spec.points[0].attach: Invalid value: "string": "uprobe//bin/bash:readline" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME',
  },
  'binary-path-missing': { at: '9:7', message: 'spec.points[0].binary.path: Required value' },
  'binary-path-relative': {
    at: '10:15',
    message: `spec.points[0].binary.path: Invalid value: "bin/bash": spec.points[0].binary.path in body should match '^/'`,
  },
  'binary-path-too-long': {
    at: '10:15',
    message: 'spec.points[0].binary.path: Too long: may not be more than 4096 bytes',
  },
  'binary-root': {
    at: '11:15',
    message: 'spec.points[0].binary.root: Unsupported value: "Node": supported values: "Containers", "Host"',
  },
  'binary-without-uprobe': {
    at: '9:7',
    message:
      'spec.points[0].binary: Forbidden: only uprobe, uretprobe and usdt are places in a program or library',
  },
  'builtin-name-missing': { at: '6:3', message: 'spec.builtin.name: Required value' },
  'builtin-unknown': {
    at: '7:11',
    message: 'spec.builtin.name: Unsupported value: "process": supported values: "processes"',
  },
  'capture-empty': {
    at: '9:7',
    message:
      'spec.points[0].capture: Invalid value: 0: spec.points[0].capture in body should have at least 1 items',
  },
  'capture-length-not-path': {
    at: '12:19',
    message:
      'spec.points[0].capture[0].length: Invalid value: "string": "args.count + 1" is no path: use retval, duration, args.NAME(.member|[index])..., or a field that every event has, such as pid or k8s.pod',
  },
  'capture-length-number': {
    at: '12:19',
    message:
      'spec.points[0].capture[0].length: Invalid value: "integer": spec.points[0].capture[0].length in body must be of type string: "integer"',
  },
  'capture-length-of-path': {
    at: '12:19',
    message: 'spec.points[0].capture[0].length: Forbidden: length needs type String or Bytes',
  },
  'capture-length-too-long': {
    at: '12:19',
    message: 'spec.points[0].capture[0].length: Too long: may not be more than 256 bytes',
  },
  'capture-length-without-type': {
    at: '11:19',
    message: 'spec.points[0].capture[0].length: Forbidden: length needs type String or Bytes',
  },
  'capture-max-bytes-fraction': {
    at: '12:21',
    message:
      'spec.points[0].capture[0].maxBytes: Invalid value: "number": spec.points[0].capture[0].maxBytes in body must be of type integer: "number"',
  },
  'capture-max-bytes-of-integer': {
    at: '12:21',
    message: 'spec.points[0].capture[0].maxBytes: Forbidden: maxBytes needs type String, Bytes or Path',
  },
  'capture-max-bytes-too-many': {
    at: '12:21',
    message:
      'spec.points[0].capture[0].maxBytes: Invalid value: 65537: spec.points[0].capture[0].maxBytes in body should be less than or equal to 65536',
  },
  'capture-max-bytes-without-type': {
    at: '11:21',
    message: 'spec.points[0].capture[0].maxBytes: Forbidden: maxBytes needs type String, Bytes or Path',
  },
  'capture-max-bytes-zero': {
    at: '12:21',
    message:
      'spec.points[0].capture[0].maxBytes: Invalid value: 0: spec.points[0].capture[0].maxBytes in body should be greater than or equal to 1',
  },
  'capture-name-duration': {
    at: '10:17',
    message:
      'spec.points[0].capture[0].name: Forbidden: retval and duration mean the result and the time of the call: choose another name for other values',
  },
  'capture-name-in': {
    at: '10:17',
    message:
      'spec.points[0].capture[0].name: Forbidden: in is a reserved word of CEL, which no filter could use: choose another name, such as in_, and set value',
  },
  'capture-name-k8s': {
    at: '10:17',
    message:
      'spec.points[0].capture[0].name: Forbidden: every event has a field k8s: choose another name, such as target_k8s',
  },
  'capture-name-missing': { at: '10:11', message: 'spec.points[0].capture[0].name: Required value' },
  'capture-name-namespace': {
    at: '10:17',
    message:
      'spec.points[0].capture[0].name: Forbidden: namespace is a reserved word of CEL, which no filter could use: choose another name, such as namespace_, and set value',
  },
  'capture-name-pattern': {
    at: '10:17',
    message: `spec.points[0].capture[0].name: Invalid value: "fileName": spec.points[0].capture[0].name in body should match '^[a-z][a-z0-9_]*$'`,
  },
  'capture-name-pid': {
    at: '10:17',
    message:
      'spec.points[0].capture[0].name: Forbidden: every event has a field pid: choose another name, such as target_pid',
  },
  'capture-name-retval': {
    at: '10:17',
    message:
      'spec.points[0].capture[0].name: Forbidden: retval and duration mean the result and the time of the call: choose another name for other values',
  },
  'capture-name-too-long': {
    at: '10:17',
    message: 'spec.points[0].capture[0].name: Too long: may not be more than 63 bytes',
  },
  'capture-same-name': {
    at: '12:11',
    message: 'spec.points[0].capture[1]: Duplicate value: {"name":"file"}',
  },
  'capture-short-form': {
    at: '9:17',
    message:
      'spec.points[0].capture[0]: Invalid value: "string": spec.points[0].capture[0] in body must be of type object: "string"',
  },
  'capture-too-many': {
    at: '9:7',
    message: 'spec.points[0].capture: Too many: 17: must have at most 16 items',
  },
  'capture-type': {
    at: '12:17',
    message:
      'spec.points[0].capture[0].type: Unsupported value: "int": supported values: "Int64", "Uint64", "Float64", "Bool", "String", "Bytes", "Duration", "Ip", "Path"',
  },
  'capture-unknown-field': {
    at: '11:11',
    message: 'strict decoding error: unknown field "spec.points[0].capture[0].path"',
  },
  'capture-value-arrow': {
    at: '11:18',
    message:
      'spec.points[0].capture[0].value: Invalid value: "string": "args.file->f_path" is no path: use retval, duration, args.NAME(.member|[index])..., or a field that every event has, such as pid or k8s.pod',
  },
  'capture-value-index': {
    at: '11:18',
    message:
      'spec.points[0].capture[0].value: Invalid value: "string": "args.argv[-1]" is no path: use retval, duration, args.NAME(.member|[index])..., or a field that every event has, such as pid or k8s.pod',
  },
  'capture-value-k8s': {
    at: '11:18',
    message:
      'spec.points[0].capture[0].value: Invalid value: "string": "k8s.labels" is no path: use retval, duration, args.NAME(.member|[index])..., or a field that every event has, such as pid or k8s.pod',
  },
  'capture-value-not-rooted': {
    at: '11:18',
    message:
      'spec.points[0].capture[0].value: Invalid value: "string": "filename" is no path: use retval, duration, args.NAME(.member|[index])..., or a field that every event has, such as pid or k8s.pod',
  },
  'capture-value-too-long': {
    at: '11:18',
    message: 'spec.points[0].capture[0].value: Too long: may not be more than 256 bytes',
  },
  'expire-after-pattern': {
    at: '8:16',
    message: `spec.expireAfter: Invalid value: "1 week": spec.expireAfter in body should match '^([0-9]{1,5}(h|m|s|ms)){1,4}$'`,
  },
  'expire-after-short': {
    at: '8:16',
    message: 'spec.expireAfter: Invalid value: "string": must be at least 10s, not 9s999ms',
  },
  'expire-after-too-long': {
    at: '8:16',
    message: 'spec.expireAfter: Too long: may not be more than 24 bytes',
  },
  'filter-boolean': {
    at: '9:15',
    message:
      'spec.points[0].filter: Invalid value: "boolean": spec.points[0].filter in body must be of type string: "boolean"',
  },
  'filter-empty': {
    at: '9:15',
    message:
      'spec.points[0].filter: Invalid value: "": spec.points[0].filter in body should be at least 1 chars long',
  },
  'filter-too-long': {
    at: '9:15',
    message: 'spec.points[0].filter: Too long: may not be more than 4096 bytes',
  },
  'kind-missing': { at: '1:1', message: 'kind: Invalid value: "": must be TraceProbe' },
  'kind-other': { at: '2:7', message: 'kind: Invalid value: "TracePolicy": must be TraceProbe' },
  'limits-cpu-too-much': {
    at: '9:24',
    message:
      'spec.limits.cpuPercentPerNode: Invalid value: 101: spec.limits.cpuPercentPerNode in body should be less than or equal to 100',
  },
  'limits-cpu-zero': {
    at: '9:24',
    message:
      'spec.limits.cpuPercentPerNode: Invalid value: 0: spec.limits.cpuPercentPerNode in body should be greater than or equal to 1',
  },
  'limits-events-quantity': {
    at: '9:29',
    message:
      'spec.limits.eventsPerSecondPerNode: Invalid value: "string": spec.limits.eventsPerSecondPerNode in body must be of type integer: "string"',
  },
  'limits-events-too-many': {
    at: '9:29',
    message:
      'spec.limits.eventsPerSecondPerNode: Invalid value: 10000001: spec.limits.eventsPerSecondPerNode in body should be less than or equal to 10000000',
  },
  'limits-events-zero': {
    at: '9:29',
    message:
      'spec.limits.eventsPerSecondPerNode: Invalid value: 0: spec.limits.eventsPerSecondPerNode in body should be greater than or equal to 1',
  },
  'metadata-annotation-key': {
    at: '6:12',
    message: `metadata.annotations: Invalid value: "a/b/c": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  },
  'metadata-label-key': {
    at: '6:13',
    message: `metadata.labels: Invalid value: "-team-": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
  },
  'metadata-label-value': {
    at: '6:11',
    message: `metadata.labels: Invalid value: "storage team": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  },
  'metadata-missing': {
    at: '1:1',
    message: 'metadata.name: Required value: name or generateName is required',
  },
  'metadata-name-too-long': { at: '4:9', message: 'metadata.name: Too long: may not be more than 63 bytes' },
  'metadata-name-upper-case': {
    at: '4:9',
    message: `metadata.name: Invalid value: "SlowOpens": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  },
  'metadata-namespace': { at: '5:14', message: 'metadata.namespace: Forbidden: not allowed on this type' },
  'metadata-unknown-field': { at: '5:3', message: 'strict decoding error: unknown field "metadata.label"' },
  'no-kind-of-probe': {
    at: '5:1',
    message:
      'spec: Invalid value: "object": exactly one of points, builtin, object and delayedUnlink must be set',
  },
  'object-image-by-tag': {
    at: '7:12',
    message: `spec.object.image: Invalid value: "ghcr.io/example/probe:latest": spec.object.image in body should match '^[^ @]+@sha256:[0-9a-f]{64}$'`,
  },
  'object-image-missing': { at: '6:3', message: 'spec.object.image: Required value' },
  'object-image-too-long': {
    at: '7:12',
    message: 'spec.object.image: Too long: may not be more than 512 bytes',
  },
  'point-name-missing': { at: '7:7', message: 'spec.points[0].name: Required value' },
  'point-name-pattern': {
    at: '7:13',
    message: `spec.points[0].name: Invalid value: "open_at": spec.points[0].name in body should match '^[a-z]([-a-z0-9]*[a-z0-9])?$'`,
  },
  'point-name-too-long': {
    at: '7:13',
    message: 'spec.points[0].name: Too long: may not be more than 32 bytes',
  },
  'point-unknown-field': {
    at: '9:7',
    message: 'strict decoding error: unknown field "spec.points[0].filters"',
  },
  'points-empty': {
    at: '6:3',
    message: 'spec.points: Invalid value: 0: spec.points in body should have at least 1 items',
  },
  'points-not-list': {
    at: '6:11',
    message: 'spec.points: Invalid value: "string": spec.points in body must be of type array: "string"',
  },
  'points-null': {
    at: '7:7',
    message: 'spec.points[0]: Invalid value: "null": spec.points[0] in body must be of type object: "null"',
  },
  'points-same-name': { at: '8:7', message: 'spec.points[1]: Duplicate value: {"name":"first"}' },
  'points-too-many': { at: '6:3', message: 'spec.points: Too many: 17: must have at most 16 items' },
  'retention-age-pattern': {
    at: '9:13',
    message: `spec.retention.maxAge: Invalid value: "7d": spec.retention.maxAge in body should match '^([0-9]{1,5}(h|m|s|ms)){1,4}$'`,
  },
  'retention-age-short': {
    at: '9:13',
    message: 'spec.retention.maxAge: Invalid value: "string": must be at least 1m, not 59s',
  },
  'retention-age-too-long': {
    at: '9:13',
    message: 'spec.retention.maxAge: Too long: may not be more than 24 bytes',
  },
  'retention-bytes-boolean': {
    at: '9:15',
    message:
      'spec.retention.maxBytes: Invalid value: "boolean": spec.retention.maxBytes in body must be of type integer,string: "boolean"',
  },
  'retention-bytes-negative': {
    at: '9:15',
    message: 'spec.retention.maxBytes: Invalid value: "": must be a positive quantity such as 1Gi, not -1Gi',
  },
  'retention-bytes-too-long': {
    at: '9:15',
    message: 'spec.retention.maxBytes: Too long: may not be more than 20 bytes',
  },
  'retention-bytes-words': {
    at: '9:15',
    message: 'spec.retention.maxBytes: Invalid value: "": must be a positive quantity such as 1Gi, not 1 GB',
  },
  'retention-bytes-zero': {
    at: '9:15',
    message: 'spec.retention.maxBytes: Invalid value: "": must be a positive quantity such as 1Gi, not 0',
  },
  'rollout-strategy': {
    at: '9:15',
    message:
      'spec.rollout.strategy: Unsupported value: "canary": supported values: "Auto", "Canary", "AllAtOnce"',
  },
  'scope-containers-empty': {
    at: '9:5',
    message:
      'spec.scope.containers: Invalid value: 0: spec.scope.containers in body should have at least 1 items',
  },
  'scope-containers-pattern': {
    at: '9:18',
    message: `spec.scope.containers[0]: Invalid value: "my_app": spec.scope.containers[0] in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'`,
  },
  'scope-containers-repeated': { at: '9:23', message: 'spec.scope.containers[1]: Duplicate value: "app"' },
  'scope-containers-too-long': {
    at: '9:18',
    message: 'spec.scope.containers[0]: Too long: may not be more than 63 bytes',
  },
  'scope-containers-too-many': {
    at: '9:5',
    message: 'spec.scope.containers: Too many: 17: must have at most 16 items',
  },
  'scope-host-only-with-containers': {
    at: '9:11',
    message:
      'spec.scope.host: Forbidden: Only selects no pod: leave out namespaces, namespaceSelector, podSelector and containers',
  },
  'scope-host-only-with-namespace-selector': {
    at: '9:11',
    message:
      'spec.scope.host: Forbidden: Only selects no pod: leave out namespaces, namespaceSelector, podSelector and containers',
  },
  'scope-host-only-with-namespaces': {
    at: '9:11',
    message:
      'spec.scope.host: Forbidden: Only selects no pod: leave out namespaces, namespaceSelector, podSelector and containers',
  },
  'scope-host-only-with-pod-selector': {
    at: '9:11',
    message:
      'spec.scope.host: Forbidden: Only selects no pod: leave out namespaces, namespaceSelector, podSelector and containers',
  },
  'scope-host-unknown': {
    at: '9:11',
    message: 'spec.scope.host: Unsupported value: "All": supported values: "Include", "Exclude", "Only"',
  },
  'scope-host': {
    at: '9:11',
    message:
      'spec.scope.host: Invalid value: "boolean": spec.scope.host in body must be of type string: "boolean"',
  },
  'scope-namespaces-empty': {
    at: '9:5',
    message:
      'spec.scope.namespaces: Invalid value: 0: spec.scope.namespaces in body should have at least 1 items',
  },
  'scope-namespaces-pattern': {
    at: '9:18',
    message: `spec.scope.namespaces[0]: Invalid value: "Shop": spec.scope.namespaces[0] in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'`,
  },
  'scope-namespaces-repeated': { at: '9:24', message: 'spec.scope.namespaces[1]: Duplicate value: "shop"' },
  'scope-namespaces-too-long': {
    at: '9:18',
    message: 'spec.scope.namespaces[0]: Too long: may not be more than 63 bytes',
  },
  'scope-namespaces-too-many': {
    at: '9:5',
    message: 'spec.scope.namespaces: Too many: 65: must have at most 64 items',
  },
  'scope-namespaces-twice': {
    at: '10:5',
    message:
      'spec.scope.namespaceSelector: Forbidden: namespaces and namespaceSelector exclude each other: choose one',
  },
  'selector-exists-with-values': {
    at: '11:41',
    message:
      'spec.scope.podSelector.matchExpressions[0].values: Forbidden: Exists and DoesNotExist take no values',
  },
  'selector-expressions-too-many': {
    at: '10:7',
    message: 'spec.scope.podSelector.matchExpressions: Too many: 17: must have at most 16 items',
  },
  'selector-in-nothing': {
    at: '11:11',
    message: 'spec.scope.podSelector.matchExpressions[0].values: Required value: In and NotIn need values',
  },
  'selector-key-empty': {
    at: '11:18',
    message:
      'spec.scope.podSelector.matchExpressions[0].key: Invalid value: "": spec.scope.podSelector.matchExpressions[0].key in body should be at least 1 chars long',
  },
  'selector-key-missing': {
    at: '11:11',
    message: 'spec.scope.podSelector.matchExpressions[0].key: Required value',
  },
  'selector-key-too-long': {
    at: '12:18',
    message: 'spec.scope.podSelector.matchExpressions[0].key: Too long: may not be more than 317 bytes',
  },
  'selector-label-not-string': {
    at: '10:27',
    message:
      'spec.scope.nodeSelector.matchLabels.gpu: Invalid value: "boolean": spec.scope.nodeSelector.matchLabels.gpu in body must be of type string: "boolean"',
  },
  'selector-label-too-long': {
    at: '10:27',
    message: 'spec.scope.nodeSelector.matchLabels.gpu: Too long: may not be more than 63 bytes',
  },
  'selector-labels-too-many': {
    at: '10:7',
    message: 'spec.scope.podSelector.matchLabels: Too many: 33: must have at most 32 items',
  },
  'selector-not-in-nothing': {
    at: '11:40',
    message: 'spec.scope.podSelector.matchExpressions[0].values: Required value: In and NotIn need values',
  },
  'selector-operator-missing': {
    at: '11:11',
    message: 'spec.scope.podSelector.matchExpressions[0].operator: Required value',
  },
  'selector-operator': {
    at: '11:33',
    message:
      'spec.scope.podSelector.matchExpressions[0].operator: Unsupported value: "Equals": supported values: "In", "NotIn", "Exists", "DoesNotExist"',
  },
  'selector-value-too-long': {
    at: '14:22',
    message: 'spec.scope.podSelector.matchExpressions[0].values[0]: Too long: may not be more than 63 bytes',
  },
  'selector-values-too-many': {
    at: '14:13',
    message: 'spec.scope.podSelector.matchExpressions[0].values: Too many: 65: must have at most 64 items',
  },
  'spec-missing': { at: '1:1', message: 'spec: Required value' },
  'spec-not-object': {
    at: '5:7',
    message: 'spec: Invalid value: "string": spec in body must be of type object: "string"',
  },
  'spec-unknown-field': { at: '8:3', message: 'strict decoding error: unknown field "spec.scop"' },
  'suspend-string': {
    at: '8:12',
    message: 'spec.suspend: Invalid value: "string": spec.suspend in body must be of type boolean: "string"',
  },
  'two-kinds-of-probe': {
    at: '5:1',
    message:
      'spec: Invalid value: "object": exactly one of points, builtin, object and delayedUnlink must be set',
  },
  'unknown-field': { at: '5:1', message: 'strict decoding error: unknown field "spce"' },
  'unlink-free-disk-all': {
    at: '9:27',
    message:
      'spec.delayedUnlink.limits.minFreeDiskPercent: Invalid value: 100: spec.delayedUnlink.limits.minFreeDiskPercent in body should be less than or equal to 99',
  },
  'unlink-free-disk-negative': {
    at: '9:27',
    message:
      'spec.delayedUnlink.limits.minFreeDiskPercent: Invalid value: -1: spec.delayedUnlink.limits.minFreeDiskPercent in body should be greater than or equal to 0',
  },
  'unlink-held-bytes-too-long': {
    at: '9:21',
    message: 'spec.delayedUnlink.limits.maxHeldBytes: Too long: may not be more than 20 bytes',
  },
  'unlink-held-bytes-words': {
    at: '9:21',
    message:
      'spec.delayedUnlink.limits.maxHeldBytes: Invalid value: "": must be a positive quantity such as 1Gi, not 1 GB',
  },
  'unlink-held-bytes-zero': {
    at: '9:21',
    message:
      'spec.delayedUnlink.limits.maxHeldBytes: Invalid value: "": must be a positive quantity such as 1Gi, not 0',
  },
  'unlink-held-files-too-many': {
    at: '9:21',
    message:
      'spec.delayedUnlink.limits.maxHeldFiles: Invalid value: 1000001: spec.delayedUnlink.limits.maxHeldFiles in body should be less than or equal to 1000000',
  },
  'unlink-held-files-zero': {
    at: '9:21',
    message:
      'spec.delayedUnlink.limits.maxHeldFiles: Invalid value: 0: spec.delayedUnlink.limits.maxHeldFiles in body should be greater than or equal to 1',
  },
  'unlink-max-delay-long': {
    at: '9:17',
    message: 'spec.delayedUnlink.until.maxDelay: Invalid value: "string": must be from 1s to 24h, not 24h1s',
  },
  'unlink-max-delay-pattern': {
    at: '9:17',
    message: `spec.delayedUnlink.until.maxDelay: Invalid value: "soon": spec.delayedUnlink.until.maxDelay in body should match '^([0-9]{1,5}(h|m|s|ms)){1,4}$'`,
  },
  'unlink-max-delay-too-long': {
    at: '9:17',
    message: 'spec.delayedUnlink.until.maxDelay: Too long: may not be more than 24 bytes',
  },
  'unlink-max-delay-zero': {
    at: '9:17',
    message: 'spec.delayedUnlink.until.maxDelay: Invalid value: "string": must be from 1s to 24h, not 0s',
  },
  'unlink-mode': {
    at: '8:11',
    message:
      'spec.delayedUnlink.mode: Unsupported value: "observe": supported values: "Auto", "Hold", "Link", "Override", "Observe"',
  },
  'unlink-path-dots': {
    at: '7:13',
    message:
      'spec.delayedUnlink.paths[0]: Invalid value: "string": must not contain the directories . and ..',
  },
  'unlink-path-relative': {
    at: '7:13',
    message: `spec.delayedUnlink.paths[0]: Invalid value: "var/log/*.log": spec.delayedUnlink.paths[0] in body should match '^/'`,
  },
  'unlink-path-too-long': {
    at: '9:9',
    message: 'spec.delayedUnlink.paths[0]: Too long: may not be more than 4096 bytes',
  },
  'unlink-paths-empty': {
    at: '7:5',
    message:
      'spec.delayedUnlink.paths: Invalid value: 0: spec.delayedUnlink.paths in body should have at least 1 items',
  },
  'unlink-paths-missing': { at: '6:3', message: 'spec.delayedUnlink.paths: Required value' },
  'unlink-paths-repeated': {
    at: '7:25',
    message: 'spec.delayedUnlink.paths[1]: Duplicate value: "/var/log/a"',
  },
  'unlink-paths-too-many': {
    at: '7:5',
    message: 'spec.delayedUnlink.paths: Too many: 33: must have at most 32 items',
  },
  'unlink-positions-format-missing': {
    at: '9:7',
    message: 'spec.delayedUnlink.until.positions.format: Required value',
  },
  'unlink-positions-format': {
    at: '10:17',
    message:
      'spec.delayedUnlink.until.positions.format: Unsupported value: "Logstash": supported values: "Fluentd", "FluentBit", "Promtail", "Vector", "OtelCol"',
  },
  'unlink-positions-path-missing': {
    at: '9:7',
    message: 'spec.delayedUnlink.until.positions.path: Required value',
  },
  'unlink-positions-path-relative': {
    at: '11:15',
    message: `spec.delayedUnlink.until.positions.path: Invalid value: "pos": spec.delayedUnlink.until.positions.path in body should match '^/'`,
  },
  'unlink-positions-path-too-long': {
    at: '11:15',
    message: 'spec.delayedUnlink.until.positions.path: Too long: may not be more than 4096 bytes',
  },
  'uprobe-without-binary': {
    at: '7:7',
    message:
      'spec.points[0].binary: Required value: uprobe, uretprobe and usdt are places in a program or library, so say in which',
  },
  'uretprobe-without-binary': {
    at: '7:7',
    message:
      'spec.points[0].binary: Required value: uprobe, uretprobe and usdt are places in a program or library, so say in which',
  },
  'usdt-without-binary': {
    at: '7:7',
    message:
      'spec.points[0].binary: Required value: uprobe, uretprobe and usdt are places in a program or library, so say in which',
  },
};

/** The API server or kubectl refuses these as well, while still decoding, so in words of Go's decoders. */
export const refusedInDecoding: Record<string, RefusedManifest> = {
  'document-not-object': {
    at: '1:1',
    message: 'a TraceProbe is an object with apiVersion, kind, metadata and spec',
  },
  'duplicate-key': { at: '9:3', message: 'strict decoding error: duplicate field "spec.suspend"' },
  'metadata-name-not-string': {
    at: '4:9',
    message:
      'metadata.name: Invalid value: "integer": metadata.name in body must be of type string: "integer"',
  },
};

/** Manifests in changed/: the second is refused as a change of the first. */
export const refusedChanges = [
  {
    before: 'kind-before',
    after: 'kind-after',
    message:
      'spec: Forbidden: the kind of a probe (points, builtin, object or delayedUnlink) cannot change: create another TraceProbe',
  },
];
