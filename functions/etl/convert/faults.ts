/** What can be wrong with a row, and with a whole file. Pure. */

/** `code` says what, `column` where; undefined when it is about the row as a whole. */
export interface RowFault {
  readonly column?: string
  readonly code: RowFaultCode
}

export const ROW_FAULTS = {
  wrong_field_count: 'The row has another number of fields than the header.',
  bad_quoting: 'A quote stands inside an unquoted field, or text behind a closing quote (RFC 4180 §2).',
  unterminated_quote: 'A quoted field is not closed before the file ends.',
  stray_carriage_return: 'A carriage return stands alone, outside quotes.',
  record_too_large: 'The row is longer than 1 MiB.',
  invalid_utf8: 'The row is not UTF-8.',
  nul_character: 'The row holds the character U+0000.',
  invalid_json: 'The line is not JSON.',
  not_an_object: 'The line is JSON, but not an object.',
  unknown_field: 'The object has a field that is no column.',
  required: 'The value is missing.',
  invalid_type: 'The value does not have the form of its type.',
  below_minimum: 'The value is less than the least one allowed.',
  above_maximum: 'The value is greater than the greatest one allowed.',
  too_long: 'The text is longer than allowed.',
  pattern: 'The text does not match the pattern.',
  not_allowed: 'The text is none of those allowed.',
} as const satisfies Record<string, string>

export type RowFaultCode = keyof typeof ROW_FAULTS

/** Why a file is kept out as a whole: by the names that `Catch` of the state machine sees. */
export const INPUT_FAULTS = {
  InputChanged: 'The object was replaced or deleted after it had landed; what replaced it has a run of its own.',
  InputTooLarge: 'The file, or what it decompresses to, is larger than one run may be.',
  InputCorrupt: 'The file can not be decompressed or decoded.',
  HeaderMismatch: 'The header does not fit the declared columns.',
  TooManyPartitions: 'The rows would fall into more partitions than one run may write.',
  TooManyBadRows: 'The share of quarantined rows is above the limit of the dataset.',
  AlreadyCorrected: 'Another file was published with corrections of these rows.',
  Superseded: 'What the corrected run published was replaced since. Land the whole file again.',
  QualityFailed: 'A rule of the dataset with `onFailure: abort` failed.',
} as const satisfies Record<string, string>

export type InputFaultName = keyof typeof INPUT_FAULTS

/** A file that no retry makes better. `detail` is shown to its owner. */
export class InputFault extends Error {
  override readonly name: InputFaultName
  readonly detail: string

  constructor(name: InputFaultName, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.name = name
    this.detail = detail
  }
}
