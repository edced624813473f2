{{/* Keys and certificates: what services are given to know callers by, and what our own callers bring. */}}

{{- define "wayward.keysSecret" -}}
{{- default (printf "%s-keys" (include "wayward.fullname" .)) .Values.keys.existingSecret -}}
{{- end -}}

{{- define "wayward.tlsSecret" -}}
{{- default (printf "%s-tls" (include "wayward.fullname" .)) .Values.tls.existingSecret -}}
{{- end -}}

{{/* "true" where there are keys or TLS. */}}
{{- define "wayward.hasDoors" -}}
{{- or .Values.keys.enabled .Values.tls.enabled | ternary "true" "" -}}
{{- end -}}

{{/* Of the Services' gRPC port. */}}
{{- define "wayward.grpcProtocol" -}}
{{- .Values.tls.enabled | ternary "https" "kubernetes.io/h2c" -}}
{{- end -}}

{{- define "wayward.httpProtocol" -}}
{{- .Values.tls.enabled | ternary "https" "http" -}}
{{- end -}}

{{/* In front of addresses. */}}
{{- define "wayward.scheme" -}}
{{- .Values.tls.enabled | ternary "https://" "" -}}
{{- end -}}

{{/* Every name of the services, as a list in JSON: by Service, and for who forwards a port. */}}
{{- define "wayward.tlsNames" -}}
{{- $names := list "localhost" -}}
{{- $services := include "wayward.services" . | fromJsonArray -}}
{{- range $part := empty $services | ternary (list "ingest") $services -}}
{{- $name := include "wayward.serviceOf" (dict "root" $ "part" $part) -}}
{{- $inside := printf "%s.%s" $name $.Release.Namespace -}}
{{- $names = concat $names (list $name $inside (printf "%s.svc" $inside) (printf "%s.svc.cluster.local" $inside)) -}}
{{- end -}}
{{- concat $names .Values.tls.names | uniq | toJson -}}
{{- end -}}

{{/* What a service is told. */}}
{{- define "wayward.doorsEnv" -}}
{{- if .Values.keys.enabled }}
- name: WAYWARD_KEYS
  value: /etc/wayward/doors/keys
{{- end }}
{{- if .Values.tls.enabled }}
- name: WAYWARD_TLS_CERT
  value: /etc/wayward/doors/tls.crt
- name: WAYWARD_TLS_KEY
  value: /etc/wayward/doors/tls.key
{{- if .Values.tls.clientSecret }}
- name: WAYWARD_TLS_CLIENT_CA
  value: /etc/wayward/doors/client-ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{/* One volume, so that certificate and key change at once. */}}
{{- define "wayward.doorsVolume" -}}
- name: doors
  projected:
    sources:
      {{- if .Values.keys.enabled }}
      - secret:
          name: {{ include "wayward.keysSecret" . }}
          items: [{ key: keys, path: keys }]
      {{- end }}
      {{- if .Values.tls.enabled }}
      - secret:
          name: {{ include "wayward.tlsSecret" . }}
          items: [{ key: tls.crt, path: tls.crt }, { key: tls.key, path: tls.key }]
      {{- with .Values.tls.clientSecret }}
      - secret:
          name: {{ . }}
          items: [{ key: ca.crt, path: client-ca.crt }]
      {{- end }}
      {{- end }}
{{- end -}}

{{- define "wayward.doorsMount" -}}
- name: doors
  mountPath: /etc/wayward/doors
  readOnly: true
{{- end -}}

{{/* What a caller of ours is told. */}}
{{- define "wayward.callerEnv" -}}
{{- if .Values.keys.enabled }}
- name: WAYWARD_KEY_FILE
  value: /etc/wayward/caller/key
{{- end }}
{{- if .Values.tls.enabled }}
- name: WAYWARD_CA
  value: /etc/wayward/caller/ca.crt
{{- if .Values.tls.clientSecret }}
- name: WAYWARD_CERT
  value: /etc/wayward/caller/tls.crt
- name: WAYWARD_CERT_KEY
  value: /etc/wayward/caller/tls.key
{{- end }}
{{- end }}
{{- end -}}

{{/* What it brings: (dict "root" $ "key" "agent"). */}}
{{- define "wayward.callerVolume" -}}
{{- $values := .root.Values -}}
- name: caller
  projected:
    sources:
      {{- if $values.keys.enabled }}
      - secret:
          name: {{ include "wayward.keysSecret" .root }}
          items: [{ key: {{ .key }}, path: key }]
      {{- end }}
      {{- if $values.tls.enabled }}
      - secret:
          name: {{ include "wayward.tlsSecret" .root }}
          items: [{ key: ca.crt, path: ca.crt }]
      {{- with $values.tls.clientSecret }}
      - secret:
          name: {{ . }}
          items: [{ key: tls.crt, path: tls.crt }, { key: tls.key, path: tls.key }]
      {{- end }}
      {{- end }}
{{- end -}}

{{- define "wayward.callerMount" -}}
- name: caller
  mountPath: /etc/wayward/caller
  readOnly: true
{{- end -}}
