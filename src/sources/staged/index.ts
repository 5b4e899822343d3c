export { isColumnName, isTopLevelName } from "./column-names.ts";
export { BooleanColumn, BytesColumn, Column, LongColumn, type ColumnKind } from "./columns.ts";
export {
  StagedFileWriter,
  finishStagedFile,
  type ConstantColumn,
  type StagedFile,
  type StagedGroup,
} from "./staged-file.ts";
