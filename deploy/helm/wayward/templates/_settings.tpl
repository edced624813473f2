{{/* The environment of the services. Later entries stand before earlier ones of the same name, so each name comes once. */}}

{{/* logLevel: debug → WAYWARD_LOG_LEVEL=debug, of a map of settings. */}}
{{- define "wayward.settingsEnv" -}}
{{- range $name, $value := . }}
- name: WAYWARD_{{ $name | snakecase | upper }}
  value: {{ kindIs "float64" $value | ternary (printf "%.0f" $value) (toString $value) | quote }}
{{- end }}
{{- end -}}

{{- define "wayward.secretEnv" -}}
- name: {{ .env }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{- define "wayward.natsSecret" -}}
{{- if .Values.nats.enabled -}}
{{- default (printf "%s-nats" (include "wayward.fullname" .)) .Values.nats.existingSecret -}}
{{- else -}}
{{- .Values.externalNats.existingSecret -}}
{{- end -}}
{{- end -}}

{{/* How the bus is reached. */}}
{{- define "wayward.natsEnv" -}}
{{- $own := .Values.nats.enabled -}}
{{- $name := include "wayward.partName" (dict "root" . "part" "nats") -}}
- name: WAYWARD_NATS
  value: {{ $own | ternary (printf "nats://%s:4222" $name) .Values.externalNats.servers | quote }}
{{- with $own | ternary (printf "http://%s:8222" $name) .Values.externalNats.monitor }}
- name: WAYWARD_NATS_MONITOR
  value: {{ . | quote }}
{{- end }}
- name: WAYWARD_BUS_REPLICAS
  value: {{ $own | ternary (min 3 .Values.nats.replicas) .Values.externalNats.copies | quote }}
{{- with include "wayward.natsSecret" . }}
{{ include "wayward.secretEnv" (dict "env" "WAYWARD_NATS_USER" "secret" . "key" "user") }}
{{ include "wayward.secretEnv" (dict "env" "WAYWARD_NATS_PASSWORD" "secret" . "key" "password") }}
{{- end }}
{{- if not $own }}
{{- with .Values.externalNats.credsSecret }}
- name: WAYWARD_NATS_CREDS
  value: /etc/wayward/nats-creds/nats.creds
{{- end }}
{{- with .Values.externalNats.tlsSecret }}
- name: WAYWARD_NATS_CA
  value: /etc/wayward/nats-tls/ca.crt
{{- if $.Values.externalNats.tlsClient }}
- name: WAYWARD_NATS_CERT
  value: /etc/wayward/nats-tls/tls.crt
- name: WAYWARD_NATS_KEY
  value: /etc/wayward/nats-tls/tls.key
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "wayward.isTrialStore" -}}
{{- and (eq .Values.mode "distributed") (empty .Values.store.bucket) | ternary "true" "" -}}
{{- end -}}

{{- define "wayward.storeSecret" -}}
{{- if include "wayward.isTrialStore" . -}}
{{- default (include "wayward.partName" (dict "root" . "part" "trial-store")) .Values.trialStore.existingSecret -}}
{{- else -}}
{{- .Values.store.existingSecret -}}
{{- end -}}
{{- end -}}

{{/* How the store is reached. */}}
{{- define "wayward.storeEnv" -}}
{{- $trial := include "wayward.isTrialStore" . | eq "true" -}}
{{- $name := include "wayward.partName" (dict "root" . "part" "trial-store") -}}
{{- $bucket := $trial | ternary "wayward" .Values.store.bucket -}}
{{- $endpoint := $trial | ternary (printf "http://%s:7070" $name) .Values.store.endpoint -}}
{{- $query := list (printf "region=%s" (urlquery .Values.store.region)) -}}
{{- if $endpoint }}{{ $query = prepend $query (printf "endpoint=%s" (urlquery $endpoint)) }}{{ end -}}
- name: WAYWARD_STORE
  value: {{ printf "s3://%s?%s" $bucket (join "&" $query) | quote }}
{{- with include "wayward.storeSecret" . }}
{{ include "wayward.secretEnv" (dict "env" "AWS_ACCESS_KEY_ID" "secret" . "key" "access-key-id") }}
{{ include "wayward.secretEnv" (dict "env" "AWS_SECRET_ACCESS_KEY" "secret" . "key" "secret-access-key") }}
{{- end }}
{{- end -}}

{{/* Where programs and commands find the services. */}}
{{- define "wayward.clientEnv" -}}
{{- $suffix := printf ".%s:4610" .Release.Namespace -}}
{{- if eq .Values.mode "allInOne" -}}
WAYWARD_SERVER: {{ include "wayward.scheme" . }}{{ include "wayward.fullname" . }}{{ $suffix }}
{{- else -}}
{{- range list "ingest" "query" "stream" }}
WAYWARD_{{ upper . }}: {{ include "wayward.scheme" $ }}{{ include "wayward.partName" (dict "root" $ "part" .) }}{{ $suffix }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Settings of one service: those of all, what the chart decides, and its own. */}}
{{- define "wayward.settingsOf" -}}
{{- $settings := merge (deepCopy (get .root.Values .part).settings) .root.Values.settings (dict "host" "0.0.0.0") -}}
{{- if and (eq .part "archive") (include "wayward.isTrialStore" .root) (not (hasKey $settings "keep")) -}}
{{- $_ := set $settings "keep" (include "wayward.trialKeep" .root) -}}
{{- end -}}
{{- $settings | toJson -}}
{{- end -}}

{{/* Secrets with files that an external NATS asks for, by the name of the volume. */}}
{{- define "wayward.natsFiles" -}}
{{- if not .Values.nats.enabled -}}
{{- with .Values.externalNats.credsSecret }}
nats-creds: {{ . }}
{{- end }}
{{- with .Values.externalNats.tlsSecret }}
nats-tls: {{ . }}
{{- end }}
{{- end -}}
{{- end -}}
