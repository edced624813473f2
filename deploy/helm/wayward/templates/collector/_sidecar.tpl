{{/*
The collector as a native sidecar, for charts that have this one as a dependency. The program writes into the same
volume; the sidecar ends after it, so that nothing is left behind.

    initContainers:
      {{- include "wayward.collectorSidecar" (dict "root" $ "server" "wayward-ingest.wayward:4610" "volume" "spool") | nindent 6 }}

Where ingest asks for a key and speaks TLS, "server" begins with https://, and "access" names a volume of the pod with the
files key and ca.crt.

examples/sidecar.yaml is the same as a manifest.
*/}}
{{- define "wayward.collectorSidecar" -}}
- name: wayward-collector
  image: {{ include "wayward.image" (dict "root" .root "image" "all-in-one") }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  restartPolicy: Always
  args: [collect, /var/spool/wayward, --server, {{ .server | quote }}]
  {{- if .access }}
  env:
    - name: WAYWARD_KEY_FILE
      value: /etc/wayward/access/key
    - name: WAYWARD_CA
      value: /etc/wayward/access/ca.crt
  {{- end }}
  terminationMessagePolicy: FallbackToLogsOnError
  resources:
    {{- toYaml .root.Values.collector.resources | nindent 4 }}
  securityContext:
    {{- include "wayward.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - name: {{ .volume }}
      mountPath: /var/spool/wayward
    {{- with .access }}
    - name: {{ . }}
      mountPath: /etc/wayward/access
      readOnly: true
    {{- end }}
{{- end -}}
