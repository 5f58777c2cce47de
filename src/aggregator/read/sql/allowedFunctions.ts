/**
 * Functions that statements of readers may call. All of them look at nothing but their arguments. What is missing is
 * missing on purpose where it reads settings, catalogs, files or the environment, changes state (sequences,
 * variables), runs text as SQL, or makes a large value out of a small one past the memory limit (repeat, lpad, range
 * as a list, format with widths: such values are not counted against it).
 */
const names = `
  + - * / // % ** ^ & | ~ << >> || ^@ @> <@ && @ !~~ ~~ ~~* !~~* ~~~

  count count_star sum avg min max median mode any_value arg_max arg_min arg_max_null arg_min_null max_by min_by
  approx_count_distinct approx_quantile approx_top_k quantile quantile_cont quantile_disc stddev stddev_pop stddev_samp var_pop var_samp variance sem skewness kurtosis corr covar_pop
  covar_samp regr_slope regr_intercept regr_r2 regr_count entropy mad bool_and bool_or bit_and bit_or bit_xor count_if
  countif first last list array_agg string_agg group_concat listagg histogram histogram_exact sum_no_overflow fsum
  kahan_sum favg product geomean geometric_mean sumkahan

  row_number rank dense_rank rank_dense percent_rank cume_dist ntile lag lead first_value last_value nth_value fill

  abs ceil ceiling floor round round_even trunc sign sqrt cbrt exp ln log log10 log2 pow power greatest least gcd lcm
  mod fmod isnan isinf isfinite pi degrees radians sin cos tan asin acos atan atan2 even factorial bit_count xor
  add subtract multiply divide hash nextafter

  length len strlen char_length character_length bit_length octet_length lower upper lcase ucase trim ltrim rtrim
  substring substr substring_grapheme left right reverse concat concat_ws contains starts_with prefix suffix ends_with
  position strpos instr split_part string_split str_split string_split_regex str_split_regex split string_to_array
  regexp_matches regexp_full_match regexp_extract regexp_extract_all regexp_replace regexp_split_to_array
  regexp_escape like_escape ilike_escape not_like_escape not_ilike_escape replace translate ascii ord unicode chr
  hex to_hex unhex from_hex bin to_binary base64 to_base64 from_base64 encode decode md5 sha1 sha256 levenshtein
  editdist3 damerau_levenshtein jaccard jaro_similarity jaro_winkler_similarity hamming mismatches strip_accents
  nfc_normalize parse_path parse_dirname parse_dirpath parse_filename formatReadableSize format_bytes
  formatReadableDecimalSize url_encode url_decode

  to_years to_months to_weeks to_days to_hours to_minutes to_seconds to_milliseconds to_microseconds to_quarters
  to_decades date_trunc datetrunc date_part datepart date_diff datediff date_sub datesub date_add time_bucket
  epoch epoch_ms epoch_us epoch_ns make_date make_time make_timestamp make_timestamp_ns make_timestamp_ms
  to_timestamp strftime strptime try_strptime year month day hour minute second millisecond microsecond nanosecond
  dayofweek dayofmonth dayofyear isodow isoyear week weekday weekofyear quarter century decade dayname monthname
  last_day age now get_current_timestamp current_date today timezone

  list_value list_pack array_value list_extract list_element array_extract list_slice array_slice list_contains
  list_has array_contains array_has list_position list_indexof array_position list_concat list_cat array_concat
  list_distinct list_unique list_sort array_sort list_reverse_sort list_reverse list_aggregate list_aggr list_sum
  list_avg list_min list_max list_count list_median list_any_value list_first list_last array_length cardinality
  list_transform array_transform list_apply apply list_filter array_filter filter list_reduce reduce list_zip
  list_has_any list_has_all list_intersect list_where list_select array_to_string unnest flatten
  row struct_pack struct_extract struct_insert map map_from_entries map_keys map_values map_entries map_extract
  map_contains element_at array_append array_prepend list_append list_prepend

  nullif constant_or_null typeof alias random

  mean arbitrary argmax argmin weighted_avg wavg kurtosis_pop regr_avgx regr_avgy regr_sxx regr_sxy regr_syy
  greatest_common_divisor least_common_multiple fdiv sinh cosh tanh asinh acosh atanh cot yearweek julian era
  days_in_month millennium list_mode list_stddev_pop list_stddev_samp list_var_pop list_var_samp list_product
  list_approx_count_distinct list_histogram array_distinct array_reverse array_unique array_has_any array_has_all
  array_intersect map_concat map_extract_value struct_keys struct_values
`;

export const allowedFunctions: ReadonlySet<string> = new Set(
  names.split(/\s+/).filter((name) => name !== ''),
);

/** Functions that may stand in FROM: they make rows of their arguments, as many as are asked for. */
export const allowedTableFunctions: ReadonlySet<string> = new Set(['unnest', 'range', 'generate_series']);

/** Types that a value may be cast to, as the parser names them (ids) and as they are written. */
export const allowedTypes: ReadonlySet<string> = new Set(
  `
  BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT FLOAT DOUBLE DECIMAL
  VARCHAR CHAR BLOB BIT DATE TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS TIME_NS INTERVAL UUID
  LIST STRUCT MAP ARRAY NULL INTEGER_LITERAL STRING_LITERAL BIGNUM
  BOOL LOGICAL INT1 INT2 INT4 INT8 INT16 INT32 INT64 INT128 UINT8 UINT16 UINT32 UINT64 UINT128 INT SIGNED SHORT LONG
  REAL FLOAT4 FLOAT8 NUMERIC DEC STRING TEXT BPCHAR NVARCHAR BYTEA BINARY VARBINARY DATETIME TIMESTAMP_US
  `
    .split(/\s+/)
    .filter((name) => name !== ''),
);

export const allowedCollations: ReadonlySet<string> = new Set(['nocase', 'noaccent', 'nfc', 'binary']);
