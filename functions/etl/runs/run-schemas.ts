/** Input and output of the routes of uploads and runs, described once. */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { datasetName } from '../catalog/dataset-schemas.ts'
import { INPUT_FAULTS, ROW_FAULTS, type RowFaultCode } from '../convert/faults.ts'
import { MAX_INPUT_BYTES } from '../convert/source.ts'
import { RUN_STATUSES } from './run.ts'

const runId = z
  .string()
  .meta({ description: 'Sorts by the time the file landed.', examples: ['run_01JD7N2V5B8Y3QK4M6T9X0ZCEG'] })
const uploadId = z.string().meta({ examples: ['upl_01JD7N2V5B8Y3QK4M6T9X0ZCEG'] })

const count = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [42] })

const sentFile = {
  fileName: z
    .string()
    .regex(/^[\w][\w.-]{0,199}$/)
    .default('data')
    .meta({ description: 'For people who look into the bucket. Compression is recognised by the bytes.' }),
  bytes: z.int().min(1).max(MAX_INPUT_BYTES).meta({ description: 'Exact size of the file.' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .meta({ description: 'Of the file, in hex. With it other bytes are refused.' }),
}

export const createUploadBody = z
  .strictObject({ dataset: datasetName, ...sentFile })
  .meta({ id: 'CreateUpload', description: 'A file to be sent.' })

export const correctionBody = z
  .strictObject(sentFile)
  .meta({ id: 'CorrectRun', description: 'A file of corrected rows to be sent.' })

export const uploadBody = z
  .strictObject({
    id: uploadId,
    dataset: datasetName,
    createdAt: timestamp('When it was asked for.'),
    runId: runId.nullable().meta({ description: 'Once the file has landed. The same file again has the same run.' }),
    corrects: runId.nullable().meta({ description: 'The run whose bad rows it has, corrected.' }),
  })
  .meta({ id: 'Upload', description: 'A file on its way.' })

export const createdUploadBody = z
  .strictObject({
    ...uploadBody.shape,
    method: z.literal('PUT'),
    url: z.url().meta({ description: 'Where to send the bytes.' }),
    headers: z.record(z.string(), z.string()).meta({ description: 'To be sent with them, exactly.' }),
    expiresAt: timestamp('Until when the upload may begin.'),
  })
  .meta({ id: 'CreatedUpload', description: 'Where and how to send the file.' })

export const uploadParams = z.object({ id: z.string().meta({ description: 'The id of the upload.' }) })
export const runParams = z.object({ id: z.string().meta({ description: 'The id of the run.' }) })

const faultCodes = Object.keys(ROW_FAULTS) as [RowFaultCode, ...RowFaultCode[]]
const faultNames = Object.keys(INPUT_FAULTS).join('`, `')

export const runBody = z
  .strictObject({
    id: runId,
    dataset: datasetName,
    datasetVersion: z.int().positive(),
    status: z.enum(RUN_STATUSES),
    attempt: z.int().positive(),
    source: z.strictObject({ key: z.string(), etag: z.string(), bytes: count('Of the file as it landed.') }),
    counts: z
      .strictObject({
        recordsIn: count('Records of the file: good + quarantined.'),
        good: count('Rows that are published.'),
        quarantined: count('Rows that are kept aside, with what is wrong with them.'),
        faults: z.partialRecord(z.enum(faultCodes), count('Rows and columns with this fault.')),
      })
      .nullable(),
    warnings: z.array(z.string()),
    manifestVersion: z.int().nullable().meta({ description: 'Of the dataset, that this run made.' }),
    duplicateOf: runId.nullable().meta({ description: 'The run that published these bytes.' }),
    error: z
      .strictObject({
        name: z.string().meta({ description: `Of a rejected file one of \`${faultNames}\`.` }),
        detail: z.string(),
      })
      .nullable(),
    corrects: runId.nullable().meta({ description: 'The run whose bad rows this file has, corrected.' }),
    correctedBy: runId.nullable().meta({ description: 'The run that published corrections of its bad rows.' }),
    createdAt: timestamp('When the file landed.'),
    updatedAt: timestamp('When the status last changed.'),
  })
  .meta({ id: 'Run', description: 'One landed file on its way into its dataset.' })

export const runListQuery = z.object({
  ...pageParameters,
  dataset: datasetName.optional().meta({ description: 'Only runs of this dataset.' }),
})
export const runListBody = pageOf(runBody).meta({ id: 'RunList', description: 'Runs, newest first.' })

export const quarantineQuery = z.object(pageParameters)
export const quarantineBody = pageOf(
  z.strictObject({
    line: z.int().positive().meta({ description: 'In the file, from 1; the header counts.' }),
    text: z.string().meta({ description: 'The row as it came, at most 64 KiB of it.' }),
    faults: z.array(
      z.strictObject({
        column: z.string().nullable().meta({ description: 'Null when the fault is the whole row’s.' }),
        code: z.enum(faultCodes),
        detail: z.string(),
      }),
    ),
  }),
).meta({ id: 'QuarantineList', description: 'Bad rows, in the order of the file.' })
