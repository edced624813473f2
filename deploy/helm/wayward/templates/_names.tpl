{{/* Names and labels. Where a part is needed, the argument is (dict "root" $ "part" "ingest"). */}}

{{- define "wayward.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 letters: StatefulSets and their pods put more behind it. */}}
{{- define "wayward.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "wayward.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "wayward.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "wayward.partName" -}}
{{ include "wayward.fullname" .root }}-{{ .part }}
{{- end -}}

{{- define "wayward.selector" -}}
app.kubernetes.io/name: {{ include "wayward.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "wayward.labels" -}}
{{ include "wayward.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: wayward
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "wayward.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "wayward.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Which services run as pods of their own, as a list in JSON. */}}
{{- define "wayward.services" -}}
{{- eq .Values.mode "distributed" | ternary (list "archive" "ingest" "query" "stream") (list) | toJson -}}
{{- end -}}

{{/* Those that answer calls, by the gRPC service of each: what GRPCRoute and Ingress lead to. */}}
{{- define "wayward.grpcServices" -}}
wayward.ingest.v1.IngestService: ingest
wayward.query.v1.QueryService: query
wayward.stream.v1.StreamService: stream
{{- end -}}

{{/* The Service that answers for a part: the only one there is in mode allInOne. */}}
{{- define "wayward.serviceOf" -}}
{{- if eq .root.Values.mode "allInOne" -}}
{{ include "wayward.fullname" .root }}
{{- else -}}
{{ include "wayward.partName" . }}
{{- end -}}
{{- end -}}
