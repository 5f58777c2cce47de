// Generated from crds/traceprobes.yaml by scripts/generate-api.ts. Do not edit.

import type { StructuralSchema } from '../structuralSchema.ts';

export const traceProbeResource = {
  "apiVersion": "traceprobe.io/v1alpha1",
  "group": "traceprobe.io",
  "version": "v1alpha1",
  "kind": "TraceProbe",
  "plural": "traceprobes"
} as const;

export const traceProbeSchema: StructuralSchema = {
  "type": "object",
  "required": [
    "spec"
  ],
  "properties": {
    "apiVersion": {
      "type": "string"
    },
    "kind": {
      "type": "string"
    },
    "metadata": {
      "type": "object",
      "properties": {
        "name": {
          "type": "string",
          "maxLength": 63
        }
      }
    },
    "spec": {
      "type": "object",
      "x-kubernetes-validations": [
        {
          "rule": "[has(self.points), has(self.builtin), has(self.object), has(self.delayedUnlink)].filter(x, x).size() == 1",
          "message": "exactly one of points, builtin, object and delayedUnlink must be set"
        },
        {
          "rule": "has(oldSelf.points) == has(self.points) && has(oldSelf.builtin) == has(self.builtin) && has(oldSelf.object) == has(self.object) && has(oldSelf.delayedUnlink) == has(self.delayedUnlink)",
          "message": "the kind of a probe (points, builtin, object or delayedUnlink) cannot change: create another TraceProbe",
          "reason": "FieldValueForbidden"
        }
      ],
      "properties": {
        "points": {
          "type": "array",
          "minItems": 1,
          "maxItems": 16,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "name"
          ],
          "items": {
            "type": "object",
            "required": [
              "name",
              "attach"
            ],
            "x-kubernetes-validations": [
              {
                "rule": "!self.attach.matches('^(uprobe|uretprobe|usdt)/') || has(self.binary)",
                "message": "uprobe, uretprobe and usdt are places in a program or library, so say in which",
                "fieldPath": ".binary",
                "reason": "FieldValueRequired"
              },
              {
                "rule": "self.attach.matches('^(uprobe|uretprobe|usdt)/') || !has(self.binary)",
                "message": "only uprobe, uretprobe and usdt are places in a program or library",
                "fieldPath": ".binary",
                "reason": "FieldValueForbidden"
              }
            ],
            "properties": {
              "name": {
                "type": "string",
                "maxLength": 32,
                "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"
              },
              "attach": {
                "type": "string",
                "maxLength": 256,
                "x-kubernetes-validations": [
                  {
                    "rule": "self.matches('^(k?syscall/[a-z0-9_]+|tracepoint/[A-Za-z0-9_-]+/[A-Za-z0-9_]+|raw_tracepoint/[A-Za-z0-9_]+|(kprobe|kretprobe|fentry|fexit|lsm)/[A-Za-z_][A-Za-z0-9_.]*|(uprobe|uretprobe)/[A-Za-z_][^ \\t\\n:]*|usdt/[^ \\t\\n:/]+:[^ \\t\\n:/]+)$')",
                    "message": "must be TYPE/TARGET",
                    "messageExpression": "'\"' + self + '\" is not TYPE/TARGET: use syscall/NAME, ksyscall/NAME, tracepoint/CATEGORY/NAME, raw_tracepoint/NAME, kprobe|kretprobe|fentry|fexit/FUNCTION, lsm/HOOK, uprobe|uretprobe/SYMBOL or usdt/PROVIDER:NAME'"
                  }
                ]
              },
              "binary": {
                "type": "object",
                "required": [
                  "path"
                ],
                "properties": {
                  "path": {
                    "type": "string",
                    "maxLength": 4096,
                    "pattern": "^/"
                  },
                  "root": {
                    "type": "string",
                    "enum": [
                      "Containers",
                      "Host"
                    ],
                    "default": "Containers"
                  }
                }
              },
              "capture": {
                "type": "array",
                "minItems": 1,
                "maxItems": 16,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": [
                  "name"
                ],
                "items": {
                  "type": "object",
                  "required": [
                    "name"
                  ],
                  "x-kubernetes-validations": [
                    {
                      "rule": "!(self.name in ['time', 'node', 'pid', 'tid', 'ppid', 'uid', 'gid', 'comm', 'context', 'k8s', 'point', 'probe'])",
                      "message": "every event has a field of this name",
                      "messageExpression": "'every event has a field ' + self.name + ': choose another name, such as target_' + self.name",
                      "fieldPath": ".name",
                      "reason": "FieldValueForbidden"
                    },
                    {
                      "rule": "!(self.name in ['as', 'break', 'const', 'continue', 'else', 'false', 'for', 'function', 'if', 'import', 'in', 'let', 'loop', 'namespace', 'null', 'package', 'return', 'true', 'var', 'void', 'while'])",
                      "message": "reserved word of CEL",
                      "messageExpression": "self.name + ' is a reserved word of CEL, which no filter could use: choose another name, such as ' + self.name + '_, and set value'",
                      "fieldPath": ".name",
                      "reason": "FieldValueForbidden"
                    },
                    {
                      "rule": "!(self.name in ['retval', 'duration']) || !has(self.value) || self.value in [self.name, 'args.' + self.name]",
                      "message": "retval and duration mean the result and the time of the call: choose another name for other values",
                      "fieldPath": ".name",
                      "reason": "FieldValueForbidden"
                    },
                    {
                      "rule": "!has(self.maxBytes) || (has(self.type) && self.type in ['String', 'Bytes', 'Path'])",
                      "message": "maxBytes needs type String, Bytes or Path",
                      "fieldPath": ".maxBytes",
                      "reason": "FieldValueForbidden"
                    },
                    {
                      "rule": "!has(self.length) || (has(self.type) && self.type in ['String', 'Bytes'])",
                      "message": "length needs type String or Bytes",
                      "fieldPath": ".length",
                      "reason": "FieldValueForbidden"
                    }
                  ],
                  "properties": {
                    "name": {
                      "type": "string",
                      "maxLength": 63,
                      "pattern": "^[a-z][a-z0-9_]*$"
                    },
                    "value": {
                      "type": "string",
                      "maxLength": 256,
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.matches(r'^(retval|duration|time|node|pid|tid|ppid|uid|gid|comm|context|k8s\\.(namespace|pod|container)|args(\\.[A-Za-z_][A-Za-z0-9_]*|\\[[0-9]{1,5}\\])*)$')",
                          "message": "must be a path",
                          "messageExpression": "'\"' + self + '\" is no path: use retval, duration, args.NAME(.member|[index])..., or a field that every event has, such as pid or k8s.pod'"
                        }
                      ]
                    },
                    "type": {
                      "type": "string",
                      "enum": [
                        "Int64",
                        "Uint64",
                        "Float64",
                        "Bool",
                        "String",
                        "Bytes",
                        "Duration",
                        "Ip",
                        "Path"
                      ]
                    },
                    "maxBytes": {
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 65536
                    },
                    "length": {
                      "type": "string",
                      "maxLength": 256,
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.matches(r'^(retval|duration|time|node|pid|tid|ppid|uid|gid|comm|context|k8s\\.(namespace|pod|container)|args(\\.[A-Za-z_][A-Za-z0-9_]*|\\[[0-9]{1,5}\\])*)$')",
                          "message": "must be a path",
                          "messageExpression": "'\"' + self + '\" is no path: use retval, duration, args.NAME(.member|[index])..., or a field that every event has, such as pid or k8s.pod'"
                        }
                      ]
                    }
                  }
                }
              },
              "filter": {
                "type": "string",
                "minLength": 1,
                "maxLength": 4096
              },
              "aggregate": {
                "type": "object",
                "required": [
                  "values"
                ],
                "properties": {
                  "by": {
                    "type": "array",
                    "maxItems": 8,
                    "x-kubernetes-list-type": "set",
                    "items": {
                      "type": "string",
                      "maxLength": 63,
                      "pattern": "^[a-z][a-z0-9_]*(\\.[a-z]+)?$"
                    }
                  },
                  "values": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 16,
                    "x-kubernetes-list-type": "atomic",
                    "items": {
                      "type": "object",
                      "required": [
                        "function"
                      ],
                      "x-kubernetes-validations": [
                        {
                          "rule": "self.function == 'Count' || has(self.of)",
                          "message": "every function but Count computes something of a field",
                          "fieldPath": ".of",
                          "reason": "FieldValueRequired"
                        },
                        {
                          "rule": "self.function != 'Count' || !has(self.of)",
                          "message": "Count counts events, whatever their fields",
                          "fieldPath": ".of",
                          "reason": "FieldValueForbidden"
                        }
                      ],
                      "properties": {
                        "function": {
                          "type": "string",
                          "enum": [
                            "Count",
                            "Sum",
                            "Avg",
                            "Min",
                            "Max",
                            "Histogram"
                          ]
                        },
                        "of": {
                          "type": "string",
                          "maxLength": 63,
                          "pattern": "^[a-z][a-z0-9_]*$"
                        }
                      }
                    }
                  },
                  "interval": {
                    "type": "string",
                    "maxLength": 24,
                    "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                    "default": "10s",
                    "x-kubernetes-validations": [
                      {
                        "rule": "duration(self) >= duration('1s') && duration(self) <= duration('1h')",
                        "message": "must be from 1s to 1h",
                        "messageExpression": "'must be from 1s to 1h, not ' + self"
                      }
                    ]
                  },
                  "maxKeys": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 65536,
                    "default": 4096
                  }
                }
              }
            }
          }
        },
        "builtin": {
          "type": "object",
          "required": [
            "name"
          ],
          "properties": {
            "name": {
              "type": "string",
              "enum": [
                "processes"
              ]
            }
          }
        },
        "object": {
          "type": "object",
          "required": [
            "image"
          ],
          "properties": {
            "image": {
              "type": "string",
              "maxLength": 512,
              "pattern": "^[^ @]+@sha256:[0-9a-f]{64}$"
            }
          }
        },
        "delayedUnlink": {
          "type": "object",
          "required": [
            "paths"
          ],
          "properties": {
            "paths": {
              "type": "array",
              "minItems": 1,
              "maxItems": 32,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "maxLength": 4096,
                "pattern": "^/",
                "x-kubernetes-validations": [
                  {
                    "rule": "!self.matches('/[.][.]?(/|$)')",
                    "message": "must not contain the directories . and .."
                  }
                ]
              }
            },
            "until": {
              "type": "object",
              "default": {},
              "properties": {
                "positions": {
                  "type": "object",
                  "required": [
                    "format",
                    "path"
                  ],
                  "properties": {
                    "format": {
                      "type": "string",
                      "enum": [
                        "Fluentd",
                        "FluentBit",
                        "Promtail",
                        "Vector",
                        "OtelCol"
                      ]
                    },
                    "path": {
                      "type": "string",
                      "maxLength": 4096,
                      "pattern": "^/"
                    }
                  }
                },
                "maxDelay": {
                  "type": "string",
                  "maxLength": 24,
                  "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
                  "default": "60s",
                  "x-kubernetes-validations": [
                    {
                      "rule": "duration(self) >= duration('1s') && duration(self) <= duration('24h')",
                      "message": "must be from 1s to 24h",
                      "messageExpression": "'must be from 1s to 24h, not ' + self"
                    }
                  ]
                }
              }
            },
            "limits": {
              "type": "object",
              "default": {},
              "properties": {
                "maxHeldBytes": {
                  "x-kubernetes-int-or-string": true,
                  "maxLength": 20,
                  "default": "1Gi",
                  "x-kubernetes-validations": [
                    {
                      "rule": "type(self) == int ? self > 0 : isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))",
                      "message": "must be a positive quantity, such as 1Gi",
                      "messageExpression": "'must be a positive quantity such as 1Gi, not ' + string(self)"
                    }
                  ]
                },
                "maxHeldFiles": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 1000000,
                  "default": 10000
                },
                "minFreeDiskPercent": {
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 99,
                  "default": 10
                }
              }
            },
            "mode": {
              "type": "string",
              "enum": [
                "Auto",
                "Hold",
                "Link",
                "Override",
                "Observe"
              ],
              "default": "Auto"
            }
          }
        },
        "scope": {
          "type": "object",
          "x-kubernetes-validations": [
            {
              "rule": "!(has(self.namespaces) && has(self.namespaceSelector))",
              "message": "namespaces and namespaceSelector exclude each other: choose one",
              "fieldPath": ".namespaceSelector",
              "reason": "FieldValueForbidden"
            },
            {
              "rule": "!(has(self.host) && self.host == 'Only') || !(has(self.namespaces) || has(self.namespaceSelector) || has(self.podSelector) || has(self.containers))",
              "message": "Only selects no pod: leave out namespaces, namespaceSelector, podSelector and containers",
              "fieldPath": ".host",
              "reason": "FieldValueForbidden"
            }
          ],
          "properties": {
            "nodeSelector": {
              "type": "object",
              "x-kubernetes-map-type": "atomic",
              "properties": {
                "matchLabels": {
                  "type": "object",
                  "maxProperties": 32,
                  "additionalProperties": {
                    "type": "string",
                    "maxLength": 63
                  }
                },
                "matchExpressions": {
                  "type": "array",
                  "maxItems": 16,
                  "x-kubernetes-list-type": "atomic",
                  "items": {
                    "type": "object",
                    "required": [
                      "key",
                      "operator"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
                        "message": "In and NotIn need values",
                        "fieldPath": ".values",
                        "reason": "FieldValueRequired"
                      },
                      {
                        "rule": "self.operator in ['In', 'NotIn'] || !has(self.values) || self.values.size() == 0",
                        "message": "Exists and DoesNotExist take no values",
                        "fieldPath": ".values",
                        "reason": "FieldValueForbidden"
                      }
                    ],
                    "properties": {
                      "key": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 317
                      },
                      "operator": {
                        "type": "string",
                        "enum": [
                          "In",
                          "NotIn",
                          "Exists",
                          "DoesNotExist"
                        ]
                      },
                      "values": {
                        "type": "array",
                        "maxItems": 64,
                        "x-kubernetes-list-type": "atomic",
                        "items": {
                          "type": "string",
                          "maxLength": 63
                        }
                      }
                    }
                  }
                }
              }
            },
            "namespaces": {
              "type": "array",
              "minItems": 1,
              "maxItems": 64,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              }
            },
            "namespaceSelector": {
              "type": "object",
              "x-kubernetes-map-type": "atomic",
              "properties": {
                "matchLabels": {
                  "type": "object",
                  "maxProperties": 32,
                  "additionalProperties": {
                    "type": "string",
                    "maxLength": 63
                  }
                },
                "matchExpressions": {
                  "type": "array",
                  "maxItems": 16,
                  "x-kubernetes-list-type": "atomic",
                  "items": {
                    "type": "object",
                    "required": [
                      "key",
                      "operator"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
                        "message": "In and NotIn need values",
                        "fieldPath": ".values",
                        "reason": "FieldValueRequired"
                      },
                      {
                        "rule": "self.operator in ['In', 'NotIn'] || !has(self.values) || self.values.size() == 0",
                        "message": "Exists and DoesNotExist take no values",
                        "fieldPath": ".values",
                        "reason": "FieldValueForbidden"
                      }
                    ],
                    "properties": {
                      "key": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 317
                      },
                      "operator": {
                        "type": "string",
                        "enum": [
                          "In",
                          "NotIn",
                          "Exists",
                          "DoesNotExist"
                        ]
                      },
                      "values": {
                        "type": "array",
                        "maxItems": 64,
                        "x-kubernetes-list-type": "atomic",
                        "items": {
                          "type": "string",
                          "maxLength": 63
                        }
                      }
                    }
                  }
                }
              }
            },
            "podSelector": {
              "type": "object",
              "x-kubernetes-map-type": "atomic",
              "properties": {
                "matchLabels": {
                  "type": "object",
                  "maxProperties": 32,
                  "additionalProperties": {
                    "type": "string",
                    "maxLength": 63
                  }
                },
                "matchExpressions": {
                  "type": "array",
                  "maxItems": 16,
                  "x-kubernetes-list-type": "atomic",
                  "items": {
                    "type": "object",
                    "required": [
                      "key",
                      "operator"
                    ],
                    "x-kubernetes-validations": [
                      {
                        "rule": "!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
                        "message": "In and NotIn need values",
                        "fieldPath": ".values",
                        "reason": "FieldValueRequired"
                      },
                      {
                        "rule": "self.operator in ['In', 'NotIn'] || !has(self.values) || self.values.size() == 0",
                        "message": "Exists and DoesNotExist take no values",
                        "fieldPath": ".values",
                        "reason": "FieldValueForbidden"
                      }
                    ],
                    "properties": {
                      "key": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 317
                      },
                      "operator": {
                        "type": "string",
                        "enum": [
                          "In",
                          "NotIn",
                          "Exists",
                          "DoesNotExist"
                        ]
                      },
                      "values": {
                        "type": "array",
                        "maxItems": 64,
                        "x-kubernetes-list-type": "atomic",
                        "items": {
                          "type": "string",
                          "maxLength": 63
                        }
                      }
                    }
                  }
                }
              }
            },
            "containers": {
              "type": "array",
              "minItems": 1,
              "maxItems": 16,
              "x-kubernetes-list-type": "set",
              "items": {
                "type": "string",
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
              }
            },
            "host": {
              "type": "string",
              "enum": [
                "Include",
                "Exclude",
                "Only"
              ]
            }
          }
        },
        "rollout": {
          "type": "object",
          "default": {},
          "properties": {
            "strategy": {
              "type": "string",
              "enum": [
                "Auto",
                "Canary",
                "AllAtOnce"
              ],
              "default": "Auto"
            }
          }
        },
        "limits": {
          "type": "object",
          "default": {},
          "properties": {
            "eventsPerSecondPerNode": {
              "type": "integer",
              "format": "int64",
              "minimum": 1,
              "maximum": 10000000,
              "default": 10000
            },
            "cpuPercentPerNode": {
              "type": "integer",
              "minimum": 1,
              "maximum": 100,
              "default": 5
            }
          }
        },
        "retention": {
          "type": "object",
          "default": {},
          "properties": {
            "maxAge": {
              "type": "string",
              "maxLength": 24,
              "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
              "default": "24h",
              "x-kubernetes-validations": [
                {
                  "rule": "duration(self) >= duration('1m')",
                  "message": "must be at least 1m",
                  "messageExpression": "'must be at least 1m, not ' + self"
                }
              ]
            },
            "maxBytes": {
              "x-kubernetes-int-or-string": true,
              "maxLength": 20,
              "default": "1Gi",
              "x-kubernetes-validations": [
                {
                  "rule": "type(self) == int ? self > 0 : isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))",
                  "message": "must be a positive quantity, such as 1Gi",
                  "messageExpression": "'must be a positive quantity such as 1Gi, not ' + string(self)"
                }
              ]
            }
          }
        },
        "expireAfter": {
          "type": "string",
          "maxLength": 24,
          "pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
          "x-kubernetes-validations": [
            {
              "rule": "duration(self) >= duration('10s')",
              "message": "must be at least 10s",
              "messageExpression": "'must be at least 10s, not ' + self"
            }
          ]
        },
        "suspend": {
          "type": "boolean",
          "default": false
        }
      }
    },
    "status": {
      "type": "object",
      "properties": {
        "observedGeneration": {
          "type": "integer",
          "format": "int64"
        },
        "expirationTime": {
          "type": "string",
          "format": "date-time"
        },
        "conditions": {
          "type": "array",
          "maxItems": 8,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "type"
          ],
          "items": {
            "type": "object",
            "required": [
              "type",
              "status",
              "lastTransitionTime",
              "reason",
              "message"
            ],
            "properties": {
              "type": {
                "type": "string",
                "maxLength": 316
              },
              "status": {
                "type": "string",
                "enum": [
                  "True",
                  "False",
                  "Unknown"
                ]
              },
              "observedGeneration": {
                "type": "integer",
                "format": "int64"
              },
              "lastTransitionTime": {
                "type": "string",
                "format": "date-time"
              },
              "reason": {
                "type": "string",
                "maxLength": 1024
              },
              "message": {
                "type": "string",
                "maxLength": 32768
              }
            }
          }
        },
        "nodes": {
          "type": "object",
          "properties": {
            "desired": {
              "type": "integer"
            },
            "running": {
              "type": "integer"
            },
            "failed": {
              "type": "integer"
            },
            "unsupported": {
              "type": "integer"
            },
            "unreachable": {
              "type": "integer"
            }
          }
        },
        "canaries": {
          "type": "array",
          "maxItems": 64,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": [
            "kernelRelease"
          ],
          "items": {
            "type": "object",
            "required": [
              "kernelRelease",
              "node"
            ],
            "properties": {
              "kernelRelease": {
                "type": "string",
                "maxLength": 253
              },
              "node": {
                "type": "string",
                "maxLength": 253
              }
            }
          }
        },
        "failures": {
          "type": "array",
          "maxItems": 10,
          "x-kubernetes-list-type": "atomic",
          "items": {
            "type": "object",
            "required": [
              "reason",
              "message",
              "count",
              "nodes"
            ],
            "properties": {
              "reason": {
                "type": "string",
                "maxLength": 64
              },
              "message": {
                "type": "string",
                "maxLength": 1024
              },
              "count": {
                "type": "integer"
              },
              "nodes": {
                "type": "array",
                "maxItems": 5,
                "x-kubernetes-list-type": "atomic",
                "items": {
                  "type": "string",
                  "maxLength": 253
                }
              }
            }
          }
        }
      }
    }
  }
};
