/** Limits of the generic programs: the constants of the same names in bpf/include (a test compares them). */

/** TP_MAX_FIELDS: values one point can load. */
export const MAX_FIELDS = 24;
/** TP_MAX_PREDICATES: comparisons of one program. */
export const MAX_PREDICATES = 16;
/** TP_PREDICATE_BYTES: longest string a predicate compares, its NUL included. */
export const PREDICATE_BYTES = 64;
/** TP_MAX_STEPS: pointers followed for one value. */
export const MAX_STEPS = 4;
/** TP_SMALL_VARIABLE: bytes for strings and buffers of a record in a small scratch slot. */
export const SMALL_VARIABLE = 8192;
/** SMALL_VALUE in maps.h: the longest one of them there. */
export const SMALL_VALUE = 4096;
/** TP_LARGE_VARIABLE: likewise in a large slot. */
export const LARGE_VARIABLE = 131072;
/** maxItems of spec.points[].capture. */
export const MAX_CAPTURES = 16;
